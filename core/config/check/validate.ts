import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Fault, Path } from '../explain/errors.ts';
import type { Span } from '../explain/source.ts';
import { suggest } from '../explain/suggest.ts';
import { hasCredentials } from '../read/credentials-in-url.ts';
import { find, isNull, type MapNode, type Node, spanOf, toValue } from '../read/tree.ts';
import { fillDefaults } from '../schema/decode.ts';
import { keyThere } from '../schema/falcosidekick.ts';
import { FORMATS } from '../schema/formats.ts';
import { isSecret, itemSchema, type JsonSchema, memberSchema, validate } from '../schema/json-schema.ts';
import { explainUnknownKey, type UnknownKey } from './explain-unknown-key.ts';
import { explainValue } from './explain-value.ts';
import { filterAjvErrors } from './filter-ajv-errors.ts';
import { revealUnknown } from './reveal-unknown.ts';

/**
 * Validates a part of the configuration against a schema.
 *
 * @param path of the node in the configuration
 * @param key the position for errors about missing options
 * @returns the plain value in YAML spelling with defaults, and all errors
 */
export function validateNode(
  node: Node,
  schema: JsonSchema,
  path: Path,
  key: Span = spanOf(node, []),
): { value: unknown; faults: Fault[] } {
  const value = fillDefaults(schema, toValue(node, schema));
  const errors = filterAjvErrors(validate(schema, value));
  const explain = (error: ErrorObject) => explainError(error, { root: node, key }, path);
  const unknown = errors.filter((error) => error.keyword === 'additionalProperties');
  const missing = errors.filter((error) => error.keyword === 'required');
  const { pairs, missing: stillMissing } = pairTypos(unknown, missing);
  const others = errors.filter(({ keyword }) => keyword !== 'additionalProperties' && keyword !== 'required');
  const keys = pairs.map((pair) => unknownKey(pair, { root: node, schema }, path));
  for (const { name, value: given, schema: section } of keys) revealUnknown(name, given, section);
  // `options: { url: … }`: the option is there, but too deep.
  const wrappers = new Map<string, MapNode[]>();
  for (const { value: given, path: at } of keys)
    if (given?.kind === 'map') wrappers.set(at.join('/'), [...(wrappers.get(at.join('/')) ?? []), given]);
  const isBelow = ({ instancePath, params }: ErrorObject) =>
    wrappers
      .get([...path, ...pointer(instancePath)].join('/'))
      ?.some(({ entries }) => entries.has(String(params.missingProperty))) === true;
  return {
    value,
    faults: [
      ...explainUnknownKeys(keys),
      ...stillMissing.filter((error) => !isBelow(error)).map(explain),
      ...others.map(explain),
    ],
  };
}

/** The errors of unknown keys. The list of known options is long: it is given once for each section. */
function explainUnknownKeys(keys: readonly UnknownKey[]): Fault[] {
  const listed = new Set<string>();
  return keys.map((key) => {
    const { listsOptions, ...fault } = explainUnknownKey(key);
    const section = fault.path.join('/');
    if (!listsOptions) return fault;
    if (!listed.has(section)) {
      listed.add(section);
      return fault;
    }
    const { fix: _, ...rest } = fault;
    return rest;
  });
}

/** An unknown key. A misspelt key and the option that is missing because of it are one error. */
interface Unknown {
  readonly error: ErrorObject;
  readonly missing?: string;
}

function pairTypos(
  unknown: readonly ErrorObject[],
  missing: readonly ErrorObject[],
): { pairs: Unknown[]; missing: ErrorObject[] } {
  const left = [...missing];
  const pairs = unknown.map((error) => {
    const name = String(error.params.additionalProperty);
    const here = left
      .filter((other) => other.instancePath === error.instancePath)
      .map((other) => String(other.params.missingProperty));
    const members = error.parentSchema as JsonSchema;
    const renamed = here.find((other) => keyThere(memberSchema(members, other) ?? {}, name));
    const meant = renamed ?? suggest(name, here);
    if (meant === undefined) return { error };
    left.splice(
      left.findIndex(
        (other) => other.instancePath === error.instancePath && other.params.missingProperty === meant,
      ),
      1,
    );
    return { error, missing: meant };
  });
  return { pairs, missing: left };
}

function unknownKey(
  { error, missing }: Unknown,
  { root, schema }: { root: Node; schema: JsonSchema },
  base: Path,
): UnknownKey {
  const local = pointer(error.instancePath);
  const name = String(error.params.additionalProperty);
  const map = find(root, local).node;
  const entry = map.kind === 'map' ? map.entries.get(name) : undefined;
  const around: { name: string; schema: JsonSchema }[] = [];
  let outer: JsonSchema | undefined = schema;
  for (const step of local) {
    if (outer === undefined) break;
    around.unshift({ name: step, schema: outer });
    outer = memberSchema(outer, step) ?? itemSchema(outer);
  }
  return {
    name,
    path: [...base, ...local],
    schema: error.parentSchema as JsonSchema,
    around,
    ...(entry && { span: entry.key, value: entry.value }),
    ...(missing !== undefined && { missing }),
  };
}

function explainError(error: ErrorObject, { root, key }: { root: Node; key: Span }, base: Path): Fault {
  const local = pointer(error.instancePath);
  const path = [...base, ...local];
  const schema = (error.parentSchema ?? {}) as JsonSchema;
  const { node } = find(root, local);
  const span = local.length === 0 ? key : spanOf(root, local);
  if (error.keyword === 'required') {
    const name = String(error.params.missingProperty);
    const empty = node.kind === 'map' ? node.entries.get(name) : undefined;
    if (empty !== undefined && isNull(empty.value)) {
      return {
        code: 'TIERCEL_CFG_MISSING_OPTION',
        path: [...path, name],
        message: 'is required, but empty',
        span: empty.key,
      };
    }
    const description = memberSchema(schema, name)?.description;
    return {
      code: 'TIERCEL_CFG_MISSING_OPTION',
      path,
      message: `the option "${name}" is missing`,
      ...(description && { fix: `${name}: ${description}` }),
      span,
    };
  }
  if (error.keyword === 'propertyNames') return explainKey(error, schema, node, path);
  const isShown = node.kind === 'scalar' && !node.secret && !isSecret(schema) && !hasCredentials(node.value);
  const shown = isShown ? node.value : undefined;
  return { path, span, ...explainValue(error, schema, node, shown) };
}

/** A key that a mapping must not have: `severities: { hot: … }`. */
function explainKey({ params }: ErrorObject, schema: JsonSchema, node: Node, path: Path): Fault {
  const name = String(params.propertyName);
  const key = node.kind === 'map' ? node.entries.get(name)?.key : undefined;
  const format = FORMATS[schema.propertyNames?.format ?? ''];
  const parsed = format?.parse(name);
  const reason = parsed === undefined || parsed.ok ? 'is not a valid key here' : parsed.reason;
  const code = format?.code ?? 'TIERCEL_CFG_VALUE';
  return { code, path: [...path, name], message: `"${name}" ${reason}`, ...(key && { span: key }) };
}

function pointer(instancePath: string): string[] {
  return instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
