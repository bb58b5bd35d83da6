import { branches, isSecret, type JsonSchema } from '../config/schema/json-schema.ts';
import { type Block, table, text } from './page.ts';

/** An option as the documentation shows it. */
export interface OptionRow {
  /** With the sections it is in: `tls.ca`. */
  readonly name: string;
  /** In words: `duration`, `list of text`. */
  readonly type: string;
  readonly required: boolean;
  readonly secret: boolean;
  /** Rarely needed: the option itself or a section that it is in says so. */
  readonly advanced: boolean;
  /** Going to be removed, likewise. */
  readonly deprecated: boolean;
  /** In YAML spelling; undefined when there is none. */
  readonly default?: unknown;
  readonly examples: readonly unknown[];
  readonly description: string;
}

/** All options of a schema in the order of the definition, each section followed by its options. */
export function optionRows(schema: JsonSchema, prefix = ''): OptionRow[] {
  return rowsOf(schema, prefix, { advanced: false, deprecated: false });
}

function rowsOf(
  schema: JsonSchema,
  prefix: string,
  around: Pick<OptionRow, 'advanced' | 'deprecated'>,
): OptionRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    const name = `${prefix}${key}`;
    // An empty default of a section adds nothing to the defaults of its options.
    const isFilled = isSection(option) && isEmpty(option.default);
    const marks = {
      advanced: around.advanced || option.advanced === true,
      deprecated: around.deprecated || option.deprecated === true,
    };
    const row: OptionRow = {
      name,
      type: typeName(option),
      required: (schema.required ?? []).includes(key) && option.default === undefined,
      secret: isSecret(option),
      ...marks,
      ...(option.default !== undefined && !isFilled && { default: option.default }),
      examples: option.examples ?? [],
      description: option.description ?? '',
    };
    const inner = isSection(option)
      ? rowsOf(option, `${name}.`, marks)
      : rowsOf(option.items ?? {}, `${name}[].`, marks);
    return [row, ...inner];
  });
}

/** The options as pages show them: what is rarely needed in a table of its own. */
export function optionTables(rows: readonly OptionRow[]): Block[] {
  const advanced = rows.filter((row) => row.advanced);
  const others = rows.filter((row) => !row.advanced);
  return [
    ...(others.length > 0 ? [optionTable(others)] : []),
    ...(advanced.length > 0 ? [text('Rarely needed:'), optionTable(advanced)] : []),
  ];
}

function optionTable(rows: readonly OptionRow[]): Block {
  return table(
    ['option', 'type', 'default', 'what it is'],
    rows.map((row) => [
      `\`${row.name}\``,
      [row.type, row.secret && 'secret', row.deprecated && '**deprecated**'].filter(Boolean).join(', '),
      row.required ? '**required**' : row.default === undefined ? '' : `\`${JSON.stringify(row.default)}\``,
      [row.description, exampleText(row)].filter(Boolean).join(' '),
    ]),
  );
}

/** The type of an option, in words. */
export function typeName(schema: JsonSchema): string {
  const forms = branches(schema);
  const constants = forms.flatMap((form) => form.enum ?? ('const' in form ? [form.const] : []));
  if (constants.length > 0 && forms.every((form) => form.enum !== undefined || 'const' in form)) {
    return constants.map((value) => `\`${String(value)}\``).join(', ');
  }
  return [...new Set(forms.map(nameOf))].join(' or ');
}

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  duration: 'duration',
  size: 'size',
  durability: '`sync` or duration',
  priority: 'priority',
  cron: 'cron expression',
  address: 'address',
  template: 'template',
  uri: 'URL',
  'http-url': 'URL',
};

function nameOf(schema: JsonSchema): string {
  const { type, format, formatMinimum, formatMaximum, items, properties, additionalProperties } = schema;
  if (format !== undefined && Object.hasOwn(FORMAT_NAMES, format))
    return FORMAT_NAMES[format]! + bounds({ minimum: formatMinimum, maximum: formatMaximum });
  if (type === 'array') return `list of ${items === undefined ? 'anything' : typeName(items)}`;
  if (type === 'object') {
    if (Object.keys(properties ?? {}).length > 0) return 'section';
    const member =
      typeof additionalProperties === 'object'
        ? additionalProperties
        : Object.values(schema.patternProperties ?? {})[0];
    const keys = schema.propertyNames?.format === 'priority' ? ' of priorities' : '';
    return member === undefined ? 'mapping' : `mapping${keys} to ${typeName(member)}`;
  }
  if (type === 'integer' || type === 'number') return type + bounds(schema);
  if (type === 'string') return 'text';
  return type === undefined ? 'anything' : String(type);
}

function bounds({ minimum, maximum }: { readonly minimum?: unknown; readonly maximum?: unknown }): string {
  if (minimum !== undefined && maximum !== undefined) return ` ${minimum} to ${maximum}`;
  if (maximum !== undefined) return `, at most ${maximum}`;
  return minimum === undefined ? '' : `, at least ${minimum}`;
}

function exampleText({ examples }: OptionRow): string {
  if (examples.length === 0) return '';
  const shown = examples.map((value) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``);
  return `For example ${shown.join(' or ')}.`;
}

function isSection(schema: JsonSchema): boolean {
  return schema.type === 'object' && Object.keys(schema.properties ?? {}).length > 0;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
