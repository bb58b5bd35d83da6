import { stringify } from 'yaml';
import { decodeScalars } from '../config/schema/decode.ts';
import { formatDuration } from '../config/schema/duration.ts';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import { OutputSchema } from '../config/schema/output.ts';
import type { AnyMapperDefinition } from '../config/schema/plugins.ts';
import { formatSize } from '../config/schema/size.ts';
import { DEFAULT_POLICY } from '../delivery/policy.ts';
import { CATEGORIES, STABILITIES } from '../sdk/contract/about.ts';
import { type DeliveryFacts, factsOf, requestLimitsOf } from '../sdk/contract/facts.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { installCommand } from '../sdk/contract/packages.ts';
import { type Column, columnProblems, columnsOf, type LeafType, type Shape } from '../sdk/record/columns.ts';
import { optionRows, optionTables } from './options.ts';
import { type Block, code, heading, type Page, table, text } from './page.ts';

/**
 * The page of an output, made from its definition alone.
 *
 * @param type as it stands in the YAML: a built-in's name, a package or a path
 * @param links `false` on a terminal, where there is nowhere to go
 */
export function outputPage(definition: AnyOutputDefinition, type: string, { links = true } = {}): Page {
  const rows = optionRows(definition.options as JsonSchema);
  const settings = Object.keys(OutputSchema.properties)
    .filter((name) => name !== 'type' && !(name === 'mapper' && isFixed(definition)))
    .map((name) => `\`${name}\``);
  const common = links
    ? '[the settings that every output has](../config.md#outputs)'
    : 'the settings that every output has';
  return [
    heading(1, type),
    text(definition.summary),
    ...standing(definition),
    ...neededPackages(definition),
    heading(2, 'Options'),
    ...(rows.length > 0 ? optionTables(rows) : [text('None of its own.')]),
    text(`Beside them stand ${common}: ${settings.join(', ')}.`),
    heading(2, 'Batches'),
    batchTable(definition),
    heading(2, 'Delivery'),
    table(['property', 'meaning'], deliveryRows(definition)),
    ...(definition.notes === undefined ? [] : [heading(2, 'Notes'), text(definition.notes)]),
    heading(2, 'Examples'),
    ...definition.examples.flatMap(({ title, options }) => [
      text(`${title}:`),
      code('yaml', exampleYaml('outputs', type, options)),
    ]),
    heading(2, 'Metrics'),
    text(
      `Its series are those of every output, with \`output="NAME"\`: \`tiercel_events_delivered_total\`, \`tiercel_events_pending\`, \`tiercel_events_dead_lettered_total\` and ${links ? '[the rest](../metrics.md)' : 'the rest'}.`,
    ),
  ];
}

/** Category and stability, as far as the definition says them. */
function standing({ category, stability }: Pick<AnyOutputDefinition, 'category' | 'stability'>): Block[] {
  const words = [
    category && `Category: ${CATEGORIES[category]}.`,
    stability && `${stability[0]!.toUpperCase()}${stability.slice(1)}: ${STABILITIES[stability]}.`,
  ].filter(Boolean);
  return words.length === 0 ? [] : [text(words.join(' '))];
}

function neededPackages({ packages = {} }: AnyOutputDefinition): Block[] {
  const named = Object.entries(packages).map(([name, range]) => `\`${name}\` \`${range}\``);
  if (named.length === 0) return [];
  return [
    text(
      `Needs ${named.join(' and ')}, not installed with Tiercel. Install in the folder of the configuration file, or in the one that Tiercel is installed in:`,
    ),
    code('sh', installCommand(packages)),
  ];
}

/** A column of the records of a mapper. */
export interface RecordColumn {
  /** With the groups it is in: `metadata.version`. An element of a list ends with `[]`. */
  readonly name: string;
  /** In words: `text`, `instant`, `list of 32-bit integers`. */
  readonly type: string;
  readonly description: string;
}

/**
 * The columns of a mapper's records as it makes them with its default options; none where it declares none, or cannot be created
 * without options.
 */
export function recordColumns(definition: AnyMapperDefinition): readonly RecordColumn[] {
  try {
    const options = decodeScalars(definition.options as JsonSchema, {});
    const { record } = definition.create(options as never, { log: silent });
    if (record === undefined || columnProblems(record).length > 0) return [];
    return columnRows(columnsOf(record), record as JsonSchema, '');
  } catch {
    return [];
  }
}

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const LEAVES: Readonly<Record<LeafType, string>> = {
  utf8: 'text',
  int32: '32-bit integer',
  int64: '64-bit integer',
  timestamp: 'instant',
  double: 'number',
  boolean: 'boolean',
};

function columnRows(columns: readonly Column[], schema: JsonSchema, prefix: string): RecordColumn[] {
  return columns.flatMap(({ name, shape }): RecordColumn[] => {
    const column = schema.properties?.[name] ?? {};
    const row = { name: `${prefix}${name}`, type: shapeText(shape), description: column.description ?? '' };
    let [inner, below, path] = [shape, column, row.name];
    while (inner.kind === 'list') {
      inner = inner.element;
      below = (below.items ?? {}) as JsonSchema;
      path += '[]';
    }
    return inner.kind === 'group' ? [row, ...columnRows(inner.columns, below, `${path}.`)] : [row];
  });
}

function shapeText(shape: Shape): string {
  switch (shape.kind) {
    case 'leaf':
      return LEAVES[shape.type];
    case 'list':
      return `list of ${shapeText(shape.element)}`;
    case 'map':
      return 'map of texts';
    case 'group':
      return 'group';
  }
}

function columnBlocks(definition: AnyMapperDefinition): Block[] {
  const columns = recordColumns(definition);
  if (columns.length === 0) return [];
  const rows = columns.map(({ name, type, description }) => [`\`${name}\``, type, description]);
  return [heading(2, 'Columns'), table(['column', 'type', 'meaning'], rows)];
}

/**
 * The page of a mapper, made from its definition alone.
 *
 * @param columns `false` without the columns of its records
 */
export function mapperPage(definition: AnyMapperDefinition, type: string, { columns = true } = {}): Page {
  const rows = optionRows(definition.options as JsonSchema);
  const use = { type: 'file', path: './events.ndjson', mapper: type };
  return [
    heading(1, type),
    text(definition.summary),
    ...standing(definition),
    heading(2, 'Options'),
    ...(rows.length > 0 ? optionTables(rows) : [text('None: it is named by its type alone.')]),
    ...(columns ? columnBlocks(definition) : []),
    heading(2, 'Example'),
    text('In an output whose records may be chosen:'),
    code('yaml', stringify({ outputs: { records: use } })),
  ];
}

/** An example of a definition as it stands in a configuration. */
export function exampleYaml(
  section: string,
  type: string,
  options: Readonly<Record<string, unknown>>,
): string {
  return stringify({ [section]: { [nameFrom(type)]: { type, ...options } } }, { lineWidth: 0 });
}

/** A name for an output of this type: `@acme/tiercel-tickets` gives `tickets`. */
export function nameFrom(type: string): string {
  const last = type
    .split('/')
    .at(-1)!
    .replace(/\.[mc]?[jt]s$/, '')
    .replace(/^tiercel-/, '');
  const name = last.replace(/[^A-Za-z0-9_-]/g, '_');
  return /^[A-Za-z]/.test(name) ? name : `output_${name}`;
}

function isFixed({ mapper }: AnyOutputDefinition): boolean {
  return typeof mapper === 'function';
}

function batchTable({ batch, batchBounds }: AnyOutputDefinition): Block {
  const range = (bounds: readonly [number, number] | undefined, format: (value: number) => string) =>
    bounds === undefined ? '' : `${format(bounds[0])} to ${format(bounds[1])}`;
  const rows = [
    [
      '`batch.events`',
      batch.events === undefined ? '' : `\`${batch.events}\``,
      '',
      'Closed at this many events.',
    ],
    [
      '`batch.size`',
      batch.size === undefined ? '' : `\`${formatSize(batch.size)}\``,
      range(batchBounds?.size, formatSize),
      'Closed at this size.',
    ],
    [
      '`batch.every`',
      batch.every === undefined ? '' : `\`${formatDuration(batch.every)}\``,
      range(batchBounds?.every, formatDuration),
      'Closed at this age.',
    ],
    [
      '`batch.cron`',
      batch.cron === undefined ? '' : `\`${batch.cron}\``,
      '',
      'Closed at these times, in UTC.',
    ],
  ];
  return table(['limit', 'default', 'allowed', 'meaning'], rows);
}

const ORDER = {
  partition:
    'At most one batch of a partition is under way: events arrive in the order in which they were accepted.',
  none: 'Batches may overtake each other.',
};
const REPETITION = {
  true: 'Harmless: a batch that is delivered again has the same name and replaces or finds itself.',
  false: 'At least once: after a crash or a lost answer the same events may arrive again.',
};
const CONFIRMATION = {
  true: 'Delivered means that the destination has confirmed it.',
  false:
    'None: delivered means sent, because the destination never says that it has an event. The metrics count it under `confirmed="false"`.',
};

/** What holds of a definition, with the options of each of its examples where it depends on the options. */
function factText<Fact extends keyof DeliveryFacts>(
  definition: AnyOutputDefinition,
  fact: Fact,
  texts: Readonly<Record<`${DeliveryFacts[Fact]}`, string>>,
): string {
  const textFor = (options: unknown) => texts[`${factsOf({ [fact]: definition[fact] }, options)[fact]}`];
  return typeof definition[fact] === 'function' ? byExamples(definition, textFor) : textFor({});
}

function requestText(definition: AnyOutputDefinition): string {
  const textFor = (options: unknown) => {
    const { events, size } = requestLimitsOf(definition, options);
    const limits = [
      ...(events === undefined ? [] : [`${events} event${events === 1 ? '' : 's'}`]),
      ...(size === undefined ? [] : [formatSize(size)]),
    ];
    if (limits.length === 0) return 'A batch is one request.';
    return `At most ${limits.join(' and ')} in a request; a larger batch is delivered in parts, in order.`;
  };
  return typeof definition.request === 'function' ? byExamples(definition, textFor) : textFor({});
}

/** What depends on the options, told of each example. */
function byExamples(definition: AnyOutputDefinition, textFor: (options: unknown) => string): string {
  const schema = definition.options as JsonSchema;
  const told = definition.examples.map(
    ({ title, options }) => `“${title}”: ${textFor(decodeScalars(schema, options))}`,
  );
  return ['Depends on the options. In the examples below:', ...told].join(' ');
}

function deliveryRows(definition: AnyOutputDefinition): string[][] {
  const { mapper, timeout = DEFAULT_POLICY.timeout } = definition;
  const records =
    typeof mapper === 'function'
      ? 'Its own; `mapper` cannot be set.'
      : `What the mapper \`${mapper ?? 'falco'}\` makes of an event, unless \`mapper\` names another.`;
  return [
    ['records', records],
    ['request', definition.stream === true ? 'A batch is one stream.' : requestText(definition)],
    ['order', factText(definition, 'ordering', ORDER)],
    ['repetition', factText(definition, 'idempotent', REPETITION)],
    ['confirmation', factText(definition, 'confirms', CONFIRMATION)],
    ['time limit', `One attempt may take ${formatDuration(timeout)} (\`timeout\`).`],
  ];
}
