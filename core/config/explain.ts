import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Fault, Path } from './errors.ts';
import { FORMATS } from './formats.ts';
import { isSecret, type JsonSchema, knownNames, memberSchema, typesOf, validate } from './json-schema.ts';
import type { Span } from './source.ts';
import { didYouMean, suggest } from './suggest.ts';
import { find, isNull, type Node, spanOf, toValue } from './tree.ts';

/**
 * Holds a part of the configuration against a schema.
 *
 * @param path where the node stands in the whole
 * @param key where to point for what is missing in it
 * @returns its plain value in YAML spelling with defaults, and everything that is wrong with it
 */
export function checkShape(
  node: Node,
  schema: JsonSchema,
  path: Path,
  key: Span = spanOf(node, []),
): { value: unknown; faults: Fault[] } {
  const value = toValue(node, schema);
  const errors = pickBranches(validate(schema, value));
  const explain = (error: ErrorObject) => explainError(error, { root: node, key }, path);
  const unknown = errors.filter((error) => error.keyword === 'additionalProperties');
  const missing = errors.filter((error) => error.keyword === 'required');
  const { pairs, missing: stillMissing } = pairTypos(unknown, missing);
  const others = errors.filter((error) => !unknown.includes(error) && !missing.includes(error));
  return {
    value,
    faults: [
      ...pairs.map((pair) => explainUnknown(pair, node, path)),
      ...stillMissing.map(explain),
      ...others.map(explain),
    ],
  };
}

/** A misspelt key and the option it leaves missing are one mistake. */
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
    const here = left.filter((other) => other.instancePath === error.instancePath);
    const meant = suggest(
      String(error.params.additionalProperty),
      here.map((other) => String(other.params.missingProperty)),
    );
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

function explainUnknown({ error, missing }: Unknown, root: Node, base: Path): Fault {
  const local = pointer(error.instancePath);
  const name = String(error.params.additionalProperty);
  const map = find(root, local).node;
  const span = map.kind === 'map' ? map.entries.get(name)?.key : undefined;
  const schema = error.parentSchema as JsonSchema;
  const known = knownNames(schema);
  const fault = {
    code: 'TIERCEL_CFG_UNKNOWN_OPTION' as const,
    path: [...base, ...local],
    ...(span && { span }),
  };
  const unknown = `unknown option "${name}"`;
  if (missing !== undefined) {
    return {
      ...fault,
      message: `${unknown}; did you mean "${missing}", which is missing?`,
      suggestion: missing,
    };
  }
  const section = known.find(
    (candidate) =>
      name.startsWith(`${candidate}_`) && typesOf(memberSchema(schema, candidate)!).has('object'),
  );
  if (span && !span.source.isFile && section !== undefined) {
    const suggestion = `TIERCEL_${section}__${name.slice(section.length + 1)}`.toUpperCase();
    return {
      ...fault,
      message: `${unknown}; levels are separated by two underscores: did you mean ${suggestion}?`,
      suggestion,
    };
  }
  const { text, suggestion } = didYouMean(name, known);
  if (suggestion !== undefined) return { ...fault, message: unknown + text, suggestion };
  const under = known.find((candidate) => knownNames(memberSchema(schema, candidate)!).includes(name));
  if (under !== undefined) {
    return {
      ...fault,
      message: `${unknown}; "${name}" belongs under "${under}"`,
      suggestion: `${under}.${name}`,
    };
  }
  return {
    ...fault,
    message: unknown,
    fix: known.length > 0 ? `Known here: ${known.join(', ')}.` : 'No options are known here.',
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
        message: 'has no value',
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
  const shown = node.kind === 'scalar' && !node.secret && !isSecret(schema) ? node.value : undefined;
  return { path, span, ...explainValue(error, schema, node, shown) };
}

/** @param shown the value, when it may be shown */
function explainValue(
  error: ErrorObject,
  schema: JsonSchema,
  node: Node,
  shown: unknown,
): Pick<Fault, 'code' | 'message' | 'fix' | 'suggestion'> {
  const { params } = error;
  const code = 'TIERCEL_CFG_VALUE';
  switch (error.keyword) {
    case 'type':
      return explainType(schema, node, shown);
    case 'format': {
      const format = FORMATS[String(params.format)];
      if (format === undefined) return { code, message: `must be a ${params.format}` };
      const parsed = typeof shown === 'string' ? format.parse(shown) : undefined;
      const message =
        parsed === undefined || parsed.ok ? `must be ${format.kind}` : `"${shown}" ${parsed.reason}`;
      return { code: format.code, message };
    }
    case 'enum':
    case 'const': {
      const allowed = (error.keyword === 'enum' ? params.allowedValues : [params.allowedValue]) as unknown[];
      const list = `must be ${allowed.length > 1 ? 'one of ' : ''}${allowed.map(String).join(', ')}`;
      const { text, suggestion } = didYouMean(typeof shown === 'string' ? shown : '', allowed.map(String));
      return { code, message: list + text, ...(suggestion && { suggestion }) };
    }
    case 'minimum':
      return { code, message: `must be at least ${params.limit}` };
    case 'maximum':
      return { code, message: `must be at most ${params.limit}` };
    case 'minLength':
      return {
        code,
        message: params.limit === 1 ? 'must not be empty' : `must have at least ${params.limit} characters`,
      };
    case 'minItems':
      return { code, message: 'must not be an empty list', fix: 'Leave it out to set no condition.' };
    case 'pattern':
      return {
        code,
        message: `must match ${params.pattern}${schema.description ? ` (${schema.description})` : ''}`,
      };
    case 'anyOf':
    case 'oneOf':
      if (!typesOf(schema).has(jsonType(node))) return explainType(schema, node, shown);
      return {
        code: 'TIERCEL_CFG_TYPE',
        message: `must be ${kinds(typesOf(schema))} in one of its documented forms`,
      };
    default:
      return { code, message: error.message ?? 'is not valid' };
  }
}

function explainType(
  schema: JsonSchema,
  node: Node,
  shown: unknown,
): Pick<Fault, 'code' | 'message' | 'fix'> {
  const code = 'TIERCEL_CFG_TYPE';
  const types = typesOf(schema);
  const format = schema.format === undefined ? undefined : FORMATS[schema.format];
  const wanted = format?.kind ?? kinds(types);
  const message = `must be ${wanted}, not ${kindOf(node)}`;
  if (format !== undefined) {
    const bare = typeof shown === 'number' && (schema.format === 'duration' || schema.format === 'size');
    return {
      code: format.code,
      message,
      ...(bare && { fix: `Give it a unit: ${shown}${schema.format === 'size' ? 'MiB' : 's'}, say.` }),
    };
  }
  if (types.has('string') && node.kind === 'scalar') {
    const quoted =
      shown === undefined ? 'in quotes' : `in quotes: "${(node as { written: string }).written}"`;
    return { code, message, fix: `Write it ${quoted}.` };
  }
  if (types.has('array') && node.kind === 'scalar') {
    return { code, message, fix: `Put it in brackets${shown === undefined ? '' : `: [${String(shown)}]`}.` };
  }
  return { code, message };
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'a mapping',
  array: 'a list',
  null: 'empty',
};

function kinds(types: ReadonlySet<string>): string {
  return [...types].map((type) => WORDS[type] ?? type).join(' or ') || 'something else';
}

function kindOf(node: Node): string {
  if (node.kind === 'map') return 'a mapping';
  if (node.kind === 'list') return 'a list';
  if (node.value === null) return 'empty';
  return typeof node.value === 'boolean'
    ? `${node.value}`
    : `a ${typeof node.value === 'bigint' ? 'number' : typeof node.value}`;
}

function jsonType(node: Node): string {
  if (node.kind !== 'scalar') return node.kind === 'map' ? 'object' : 'array';
  if (node.value === null) return 'null';
  return typeof node.value === 'bigint' ? 'number' : typeof node.value;
}

/**
 * A union that fails reports the errors of all its branches. Those of the branch that was meant are kept: the one of the
 * right kind, whose constants fit. Where none or several remain, one error for the union.
 */
function pickBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  let left = [...errors];
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')) {
    if (!left.includes(union)) continue;
    const prefix = `${union.schemaPath}/`;
    const inside = left.filter(
      (error) => error.schemaPath.startsWith(prefix) && error.instancePath.startsWith(union.instancePath),
    );
    const byBranch = groupBy(inside, prefix);
    const meant = [...byBranch.values()].filter(
      (branch) =>
        !branch.some(
          (error) =>
            (error.keyword === 'type' && error.instancePath === union.instancePath) ||
            error.keyword === 'const',
        ),
    );
    left = left.filter((error) => !inside.includes(error));
    if (meant.length !== 1) continue;
    left = left.filter((error) => error !== union);
    left.push(...meant[0]!);
  }
  return left;
}

function groupBy(errors: readonly ErrorObject[], prefix: string): Map<string, ErrorObject[]> {
  const groups = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const branch = error.schemaPath.slice(prefix.length).split('/')[0]!;
    groups.set(branch, [...(groups.get(branch) ?? []), error]);
  }
  return groups;
}

function pointer(instancePath: string): string[] {
  return instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
