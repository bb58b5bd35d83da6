import type { DeliveryPolicy } from '../../delivery/policy.ts';
import type { RouteSpec } from '../../routing/route.ts';
import { factsOf, requestLimitsOf } from '../../sdk/contract/facts.ts';
import type { AnyOutputDefinition, MapperRef } from '../../sdk/contract/output.ts';
import type { Fault, Path } from '../explain/errors.ts';
import { placeOf, type Span } from '../explain/source.ts';
import { suggest } from '../explain/suggest.ts';
import { coerce } from '../read/coerce.ts';
import { find, isNull, type MapNode, type Node, spanOf, toValue } from '../read/tree.ts';
import { withoutSecrets } from '../read/without-secrets.ts';
import type { OutputConfig } from '../schema/config.ts';
import { decodeScalars } from '../schema/decode.ts';
import { formatDuration } from '../schema/duration.ts';
import { type JsonSchema, memberSchema } from '../schema/json-schema.ts';
import { COMMON_SETTINGS, OUTPUT_NAME, OutputSchema, type OutputSettings } from '../schema/output.ts';
import type {
  AnyMapperDefinition,
  LoadedPlugin,
  PluginProblem,
  Registry,
  ResolveOptions,
} from '../schema/plugins.ts';
import type { CheckableOutput, OutputLimits } from './cross/context.ts';
import { deprecatedOptions } from './deprecated.ts';
import { isWrong, limitsOf } from './limits.ts';
import { revealUnknown } from './reveal-unknown.ts';
import { validateNode } from './validate.ts';

/** What the check of an output needs besides its configuration. */
export interface CheckOutputContext {
  readonly registry: Registry;
  readonly resolve: ResolveOptions;
}

/** The result of checking an output. */
export interface CheckedOutput {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** Absent when there are faults. */
  readonly config?: OutputConfig;
  /** Absent when there are faults in the options of the type or in the mapper. */
  readonly checkable?: CheckableOutput;
  /** True when the type names destinations or restricts mappers, and faults in the options prevent it. */
  readonly isUnchecked?: boolean;
  /** The node with its texts coerced, and the schema that it was validated against. */
  readonly node: Node;
  readonly schema: JsonSchema;
  /** In YAML spelling, with defaults. */
  readonly value: unknown;
  /** The valid part of its conditions: an expression is checked even when other options are not valid. */
  readonly route: RouteSpec;
  /** The valid part of its limits, likewise. */
  readonly limits: OutputLimits;
  /** About options that are deprecated. */
  readonly warnings: readonly Fault[];
}

/** The second phase: checks an output against the options of its type. */
export async function checkOutput(
  name: string,
  key: Span,
  raw: Node,
  context: CheckOutputContext,
): Promise<CheckedOutput> {
  const path: Path = ['outputs', name];
  const faults: Fault[] = [];
  if (!OUTPUT_NAME.test(name)) {
    const message = `"${name}" is not a valid output name: use a letter, then letters, digits, "-" and "_", at most 63 characters`;
    faults.push({ code: 'TIERCEL_CFG_VALUE', path, message, span: key });
  }
  const common = OutputSchema as JsonSchema;
  const typeNode = raw.kind === 'map' ? raw.entries.get('type')?.value : undefined;
  const type = typeNode?.kind === 'scalar' && typeof typeNode.value === 'string' ? typeNode.value : undefined;
  if (raw.kind !== 'map' || type === undefined || type === '') {
    // Without a type only the settings that all outputs have can be checked.
    const { node, value, faults: invalid } = check(raw, { ...common, additionalProperties: true }, path, key);
    const rest = { node, schema: common, value, ...partsOf({ name }, value, invalid), warnings: [] };
    const like = type === undefined ? suggest(name, Object.keys(context.registry.outputs)) : undefined;
    const told = invalid.map((fault) =>
      like !== undefined && fault.code === 'TIERCEL_CFG_MISSING_OPTION' && fault.path.length === path.length
        ? { ...fault, fix: `If this is an output of type ${like}, add  type: ${like}`, suggestion: like }
        : fault,
    );
    return { name, faults: [...faults, ...told], ...rest };
  }
  const found = await context.registry.output(type, context.resolve);
  if (!found.ok) {
    const { node, value, faults: invalid } = check(raw, { ...common, additionalProperties: true }, path, key);
    for (const [option, { value: given }] of raw.entries)
      if (!COMMON_SETTINGS.includes(option)) revealUnknown(option, given, {});
    faults.push(
      { ...discreet(found.problem, typeNode), path: [...path, 'type'], span: spanOf(raw, ['type']) },
      ...invalid,
    );
    const rest = { node, schema: common, value, ...partsOf({ name, type }, value, invalid), warnings: [] };
    return { name, faults, ...rest, isUnchecked: true };
  }
  const { definition, module } = found.value;
  const schema = withMembers(definition.options as JsonSchema, settingsOf(definition, common));
  const { node, value, faults: invalid } = check(raw, schema, path, key);
  faults.push(...invalid);
  const parts = partsOf({ name, type, definition }, value, invalid);
  const all = decodeScalars(schema, value) as Record<string, unknown>;
  // An unknown key that is a misspelt common setting is not an option.
  const isOption = (key: string) =>
    !COMMON_SETTINGS.includes(key) && memberSchema(definition.options as JsonSchema, key) !== undefined;
  const options = invalid.some(concernsOptions) ? undefined : pick(all, isOption);
  // An error in an option does not hide errors in those of the mapper.
  const mapper = isWrong(invalid, [...path, 'mapper'])
    ? { faults: [], warnings: [] }
    : await checkMapper(node as MapNode, { type, definition, options }, path, context);
  faults.push(...mapper.faults);
  const warnings = [...deprecatedOptions(node, schema, path), ...mapper.warnings];
  const done = { name, node, schema, value, ...parts, warnings };
  if (options === undefined || mapper.made === undefined) {
    const isUnchecked =
      invalid.length + mapper.faults.length > 0 &&
      (definition.claims !== undefined || definition.checkMapper !== undefined);
    return { ...done, faults, ...(isUnchecked && { isUnchecked }) };
  }
  let facts: Pick<DeliveryPolicy, 'ordering' | 'confirms' | 'request'>;
  try {
    facts = { ...factsOf(definition, options), request: requestLimitsOf(definition, options) };
  } catch (error) {
    const why = (error as Error).message;
    const message = withoutSecrets(`the type ${type} does not support these options: ${why}`, node);
    faults.push({ code: 'TIERCEL_CFG_VALUE', path, message, span: key });
    return { ...done, faults };
  }
  const { enabled } = value as { enabled?: unknown };
  const checkable: CheckableOutput = {
    name,
    type,
    enabled: typeof enabled === 'boolean' ? enabled : undefined,
    definition,
    options,
    mapper: mapper.made.ref,
    mapperDefinition: mapper.made.definition,
  };
  if (faults.length > 0) return { ...done, faults, checkable };
  const settings = decodeScalars(
    common,
    pick(value as object, (key) => COMMON_SETTINGS.includes(key)),
  ) as OutputSettings;
  const config: OutputConfig = {
    name,
    type,
    enabled: settings.enabled,
    definition,
    module,
    options,
    mapper: mapper.made.ref,
    mapperDefinition: mapper.made.definition,
    route: done.route,
    batch: { ...definition.batch, ...settings.batch },
    policy: policyOf(settings, facts),
    ...(settings.on_dead_letter !== undefined && { onDeadLetter: settings.on_dead_letter }),
    place: placeOf(key),
  };
  return { ...done, faults, checkable, config };
}

/** False for an error in a common setting, or in a key that is probably a misspelt one. */
function concernsOptions({ code, path, suggestion }: Fault): boolean {
  const [, , setting] = path;
  if (setting !== undefined) return !COMMON_SETTINGS.includes(String(setting));
  if (code !== 'TIERCEL_CFG_UNKNOWN_OPTION' || suggestion === undefined) return true;
  return !COMMON_SETTINGS.includes(suggestion.split('.')[0]!);
}

/** Removes a name that came from the environment or a file from a problem. */
function discreet(problem: PluginProblem, name: Node | undefined): PluginProblem {
  if (name?.kind !== 'scalar' || !name.secret) return problem;
  return {
    code: problem.code,
    message: 'cannot be used; the name comes from the environment or a file and is not shown',
  };
}

/** The settings of all outputs, with the defaults of this type. */
function settingsOf({ timeout }: AnyOutputDefinition, common: JsonSchema): JsonSchema {
  if (timeout === undefined) return common;
  const { properties = {} } = common;
  return {
    ...common,
    properties: { ...properties, timeout: { ...properties.timeout, default: formatDuration(timeout) } },
  };
}

function check(
  raw: Node,
  schema: JsonSchema,
  path: Path,
  key: Span,
): { node: Node; value: unknown; faults: Fault[] } {
  const node = coerce(raw, schema);
  return { node, ...validateNode(node, schema, path, key) };
}

/** The delivery policy from the decoded settings of an output and what its type promises with its options. */
function policyOf(
  settings: OutputSettings,
  { ordering, confirms, request }: Pick<DeliveryPolicy, 'ordering' | 'confirms' | 'request'>,
): DeliveryPolicy {
  const { retry, breaker, max_lag: lag } = settings;
  return {
    concurrency: settings.concurrency,
    ordering,
    confirms,
    request,
    timeout: settings.timeout,
    retry: { initial: retry.initial, max: retry.max, maxAge: retry.max_age },
    breaker,
    ...(settings.rate_limit !== undefined && { rateLimit: { events: settings.rate_limit, per: 1000 } }),
    maxLag: {
      action: lag.action,
      ...(lag.age !== undefined && { age: lag.age }),
      ...(lag.events !== undefined && { events: lag.events }),
    },
    flushOnStop: settings.flush_on_stop,
    maxOpen: settings.max_open_partitions,
    start: settings.start,
  };
}

/** The valid parts of an output that may have errors, for the checks that need only these. */
function partsOf(
  output: Pick<OutputLimits, 'name' | 'type'> & { readonly definition?: AnyOutputDefinition },
  value: unknown,
  faults: readonly Fault[],
): Pick<CheckedOutput, 'route' | 'limits'> {
  const given = typeof value === 'object' && value !== null ? value : {};
  const path = ['outputs', output.name];
  const wanted = ['minimum_priority', 'match', 'when'].filter((key) => !isWrong(faults, [...path, key]));
  return { route: pick(given, (key) => wanted.includes(key)), limits: limitsOf(output, given, faults) };
}

const merged = new WeakMap<JsonSchema, JsonSchema>();

/** One closed schema of the options of a definition and the common settings, so that suggestions cover both. */
function withMembers(options: JsonSchema, beside: JsonSchema): JsonSchema {
  let schema = merged.get(options);
  if (schema === undefined) {
    schema = {
      ...options,
      properties: { ...options.properties, ...beside.properties },
      required: [...(beside.required ?? []), ...(options.required ?? [])],
      additionalProperties: false,
    };
    merged.set(options, schema);
  }
  return schema;
}

const MAPPER_MEMBERS: JsonSchema = {
  type: 'object',
  properties: { type: { type: 'string', description: 'A built-in, a package or a path.' } },
  required: ['type'],
};

/** The mapper when neither the definition nor the user names one: the event as received. */
const DEFAULT_MAPPER = 'falco';

interface CheckedMapper {
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** Absent when there are faults, and when the output's own options, on which it depends, have some. */
  readonly made?: { readonly ref: MapperRef; readonly definition: AnyMapperDefinition };
}

async function checkMapper(
  output: MapNode,
  {
    type,
    definition,
    options,
  }: { type: string; options: OutputConfig['options'] | undefined } & Pick<OutputConfig, 'definition'>,
  outputPath: Path,
  context: CheckOutputContext,
): Promise<CheckedMapper> {
  const path = [...outputPath, 'mapper'];
  const span = spanOf(output, ['mapper']);
  const { node: given, exact } = find(output, ['mapper']);
  const isNamed = exact && !isNull(given);
  if (typeof definition.mapper === 'function') {
    if (isNamed) {
      const message = `an output of type ${type} always uses its own mapper; remove "mapper"`;
      const key = output.entries.get('mapper')!.key;
      return wrong([{ code: 'TIERCEL_CFG_FIXED_MAPPER', path, message, span: key }]);
    }
    if (options === undefined) return wrong([]);
    // The output chose it in code, from decoded options.
    const own = definition.mapper(options as never);
    const found = await context.registry.mapper(own.type, context.resolve);
    if (!found.ok) return wrong([{ ...found.problem, path, span }]);
    return made(
      own.type,
      found.value,
      decodeScalars(found.value.definition.options as JsonSchema, own.options),
    );
  }
  const name = isNamed ? mapperName(given) : (definition.mapper ?? DEFAULT_MAPPER);
  const found = await context.registry.mapper(name, context.resolve);
  const at = given.kind === 'map' && isNamed ? spanOf(given, ['type']) : span;
  const named = given.kind === 'map' ? given.entries.get('type')?.value : given;
  if (!found.ok) return wrong([{ ...discreet(found.problem, isNamed ? named : undefined), path, span: at }]);
  const schema = withMembers(found.value.definition.options as JsonSchema, MAPPER_MEMBERS);
  const bare: MapNode = { kind: 'map', span, entries: new Map() };
  const raw: MapNode = given.kind === 'map' && isNamed ? given : withType(bare, name, span);
  const { value, faults } = check(raw, schema, path, output.entries.get('mapper')?.key ?? span);
  const warnings = deprecatedOptions(raw, schema, path);
  if (faults.length > 0) return { faults, warnings };
  const decoded = decodeScalars(schema, value) as object;
  return made(
    name,
    found.value,
    pick(decoded, (key) => key !== 'type'),
    warnings,
  );
}

function wrong(faults: Fault[]): CheckedMapper {
  return { faults, warnings: [] };
}

function made(
  type: string,
  { module, definition }: LoadedPlugin<AnyMapperDefinition>,
  options: unknown,
  warnings: Fault[] = [],
): CheckedMapper {
  const ref = { type, module, options: options as Record<string, unknown> };
  return { faults: [], warnings, made: { ref, definition } };
}

function mapperName(node: Node): string {
  return String(node.kind === 'map' ? toValue(node.entries.get('type')!.value) : toValue(node));
}

function withType(map: MapNode, type: string, span: Span): MapNode {
  const value: Node = { kind: 'scalar', span, value: type, written: type, isText: false, secret: false };
  return { ...map, entries: new Map([['type', { key: span, value }]]) };
}

function pick(object: object, wanted: (key: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => wanted(key)));
}
