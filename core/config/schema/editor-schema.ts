import { PRIORITIES } from '../../event/priority.ts';
import type { AnyOutputDefinition } from '../../sdk/contract/output.ts';
import type { JsonSchema } from './json-schema.ts';
import { OutputSchema } from './output.ts';
import type { AnyMapperDefinition, BuiltIns, Registry } from './plugins.ts';
import { ConfigSchema } from './sections.ts';
import { shareDefinitions } from './share-definitions.ts';

/** Definitions that are not built in, each under its type in the YAML. */
export interface MoreDefinitions {
  readonly outputs?: Readonly<Record<string, AnyOutputDefinition>>;
  readonly mappers?: Readonly<Record<string, AnyMapperDefinition>>;
}

/**
 * The JSON Schema of the whole configuration for editors (`# yaml-language-server: $schema=…`): the options of each output
 * by its `type`, with descriptions and defaults. The built-ins of the registry are in it. What several outputs have is
 * written once, under `$defs`.
 *
 * @param more definitions that are not built in, under the `type` that the YAML names them by
 */
export async function configSchema(
  registry: Registry,
  more: MoreDefinitions = {},
): Promise<Record<string, unknown>> {
  return shareDefinitions(await writtenOutSchema(registry, more), { reference: REFERENCE });
}

/** The same without references: each output has all of its options in full. About 20 kB an output. */
export async function writtenOutSchema(
  registry: Registry,
  more: MoreDefinitions = {},
): Promise<Record<string, unknown>> {
  const settings = (OutputSchema as JsonSchema).properties!;
  const outputs: Record<string, JsonSchema> = {};
  const outputDefinitions = { ...more.outputs, ...(await loadAll(registry.outputs)) };
  for (const [type, definition] of Object.entries(outputDefinitions)) {
    const options = definition.options as JsonSchema;
    const own = typeof definition.mapper === 'function' ? without(settings, 'mapper') : settings;
    outputs[type] = { ...options, properties: { ...own, ...options.properties } };
  }
  const mappers: Record<string, JsonSchema> = {};
  const mapperDefinitions = { ...more.mappers, ...(await loadAll(registry.mappers)) };
  for (const [type, { options }] of Object.entries(mapperDefinitions)) {
    const own = options as JsonSchema;
    mappers[type] = { ...own, properties: { type: { const: type }, ...own.properties } };
  }
  const common = relax(OutputSchema as JsonSchema) as { properties: Record<string, unknown> };
  const mapper = {
    description: settings.mapper!.description,
    anyOf: [{ type: 'string', examples: Object.keys(mappers) }, byType(mappers, { type: 'object' })],
  };
  const output = byType(outputs, {
    type: 'object',
    required: ['type'],
    properties: { ...common.properties, mapper },
  });
  const root = relax(ConfigSchema as JsonSchema) as { properties: Record<string, unknown> };
  const include = {
    description: 'Files, folders or patterns (`conf.d/*.yaml`) that are read as well.',
    anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Tiercel',
    ...root,
    properties: {
      include,
      ...root.properties,
      outputs: { type: 'object', description: 'The outputs by name.', additionalProperties: output },
    },
    patternProperties: { '^x-': {} },
  };
}

async function loadAll<D>(builtIns: BuiltIns<D>): Promise<Record<string, D>> {
  const loaded: Record<string, D> = {};
  for (const [type, builtIn] of Object.entries(builtIns)) loaded[type] = await builtIn.load();
  return loaded;
}

/** An object whose other members depend on its `type`. Unknown types (packages, paths) may have any members. */
function byType(
  types: Readonly<Record<string, JsonSchema>>,
  base: Record<string, unknown>,
): Record<string, unknown> {
  const properties = base.properties as Record<string, unknown> | undefined;
  return {
    ...base,
    properties: {
      ...properties,
      type: { ...(properties?.type as object), type: 'string', examples: Object.keys(types) },
    },
    allOf: Object.entries(types).map(([type, schema]) => ({
      if: { properties: { type: { const: type } }, required: ['type'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
      then: relax(schema),
    })),
  };
}

/**
 * The schema for an editor: members with a default are optional, and every scalar may be a `${env:…}`. Our own formats become
 * patterns or enumerations.
 */
function relax(schema: JsonSchema): Record<string, unknown> {
  const result: Record<string, unknown> = { ...schema };
  for (const own of [
    'secret',
    'advanced',
    'falcosidekick',
    'formatMinimum',
    'formatMaximum',
    'needs',
    'excludes',
  ])
    delete result[own];
  if (schema.properties) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, member]) => [name, relax(member)]),
    );
    const required = (schema.required ?? []).filter(
      (name) => schema.properties?.[name]?.default === undefined,
    );
    delete result.required;
    if (required.length > 0) result.required = required;
  }
  if (schema.patternProperties) {
    result.patternProperties = Object.fromEntries(
      Object.entries(schema.patternProperties).map(([pattern, member]) => [pattern, relax(member)]),
    );
  }
  if (schema.propertyNames) result.propertyNames = relax(schema.propertyNames);
  if (schema.items) result.items = relax(schema.items);
  for (const union of ['anyOf', 'oneOf', 'allOf'] as const)
    if (schema[union]) result[union] = schema[union].map(relax);
  return withFormat(result, schema);
}

const REFERENCE = { type: 'string', pattern: '\\$\\{(env|file):' };

function withFormat(
  result: Record<string, unknown>,
  { format, type, pattern, enum: words, default: value }: JsonSchema,
): Record<string, unknown> {
  const { description, examples, ...rest } = result;
  const about = {
    ...(description !== undefined && { description }),
    ...(examples !== undefined && { examples }),
  };
  const orReference = (schema: object) => ({
    ...about,
    ...(value !== undefined && { default: value }),
    anyOf: [schema, REFERENCE],
  });
  if (format === 'duration')
    return orReference({ type: 'string', pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$' });
  if (format === 'size')
    return orReference({ type: 'string', pattern: '^\\d+(\\.\\d+)? ?([kMGT]B|KB|[KMGT]iB|B)$' });
  if (format === 'durability')
    return orReference({ type: 'string', pattern: '^(sync|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)$' });
  if (format === 'file-mode') return orReference({ type: 'string', pattern: '^(0o?)?[67][0-7]{2}$' });
  if (format === 'priority') {
    const names = [...PRIORITIES.map((name) => name.toLowerCase()), 'info', ...PRIORITIES];
    return orReference({ type: 'string', enum: names });
  }
  if (format === 'header-name' || format === 'header-value') delete result.format;
  if (format === 'aws-region')
    return orReference({ type: 'string', ...(pattern !== undefined && { pattern }) });
  if (format === 'http-url') return orReference({ type: 'string', pattern: pattern ?? '^https?://[^\\s/]+' });
  if (
    format === 'address' ||
    format === 'host' ||
    format === 'path' ||
    format === 'template' ||
    format === 'cron' ||
    format === 'uri'
  ) {
    delete result.format;
    return result;
  }
  const isScalar =
    type === 'integer' ||
    type === 'number' ||
    type === 'boolean' ||
    words !== undefined ||
    pattern !== undefined;
  return isScalar ? orReference({ ...rest, default: undefined }) : result;
}

function without<T extends object>(object: T, name: string): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name)) as Record<
    string,
    JsonSchema
  >;
}
