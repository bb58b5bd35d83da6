import { isIP } from 'node:net';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { _, Ajv } from 'ajv';
import type { TObject } from '../../../core/sdk/index.ts';
import type { Node } from '../schema/trim.ts';
import type { Fault, FaultCode } from './fault.ts';

/** Keywords of JSON Schema (and our own) as OCSF's codes. */
const CODES: Readonly<Record<string, FaultCode>> = {
  required: 'attribute_required_missing',
  additionalProperties: 'attribute_unknown',
  type: 'attribute_wrong_type',
  enum: 'attribute_enum_value_unknown',
  const: 'attribute_enum_value_unknown',
  maxLength: 'attribute_value_exceeds_max_len',
  minimum: 'attribute_value_exceeds_range',
  maximum: 'attribute_value_exceeds_range',
  format: 'attribute_value_regex_not_matched',
  pattern: 'attribute_value_regex_not_matched',
  minItems: 'constraint_failed',
  atLeastOne: 'constraint_failed',
};

/**
 * Compiles the check of a record definition: types, lengths, ranges, patterns, enumerations, unknown attributes at
 * every level, OCSF's at_least_one. Some tens of milliseconds, once; then some microseconds a record.
 *
 * @returns the faults of a record, empty when there are none: the first alone, or all of them
 */
export function schemaCheck(schema: TObject): {
  first: (record: unknown) => Fault[];
  all: (record: unknown) => Fault[];
} {
  const first = once(() => compile(schema, false));
  const all = once(() => compile(schema, true));
  return { first: (record) => run(first(), record), all: (record) => run(all(), record) };
}

function compile(schema: TObject, allErrors: boolean): ValidateFunction {
  // Counts UTF-16 units, never fewer than the characters that OCSF counts.
  const ajv = new Ajv({
    allErrors,
    strict: false,
    unicode: false,
    unicodeRegExp: false,
    inlineRefs: false,
    logger: false,
  });
  ajv.addFormat('int64', { type: 'number', validate: Number.isSafeInteger });
  // The range of Date.
  ajv.addFormat('timestamp-millis', { type: 'number', validate: (ms) => Math.abs(ms) <= 8.64e15 });
  ajv.addFormat('ip', (text) => isIP(text) !== 0 && !text.includes('%'));
  ajv.addKeyword({
    keyword: 'atLeastOne',
    schemaType: 'array',
    // Not a macro of anyOf, which makes an error for every name that is absent.
    code: (context) => {
      const absent = (context.schema as string[]).map((name) => _`${context.data}[${name}] === undefined`);
      context.fail(absent.reduce((all, each) => _`${all} && ${each}`));
    },
  });
  return ajv.compile(split(schema as Node));
}

/**
 * The same schema with every object as a definition, so that ajv compiles a function for each. V8 does not optimize one function
 * for the whole record, which costs a third more (bench/cases/event.ts).
 */
function split(schema: Node): Record<string, unknown> {
  const $defs: Record<string, unknown> = {};
  const inner = (node: Node): unknown => {
    if (node.items !== undefined) return { ...node, items: inner(node.items) };
    if (node.properties === undefined) return node;
    const name = `object${Object.keys($defs).length}`;
    // Reserves the name, which is numbered by the definitions so far.
    $defs[name] = undefined;
    $defs[name] = outer(node);
    return { $ref: `#/$defs/${name}` };
  };
  const outer = (node: Node) => ({
    ...node,
    properties: Object.fromEntries(
      Object.entries(node.properties ?? {}).map(([name, child]) => [name, inner(child)]),
    ),
  });
  return { ...outer(schema), $defs };
}

function run(validate: ValidateFunction, record: unknown): Fault[] {
  return validate(record) ? [] : (validate.errors ?? []).map(faultOf);
}

function faultOf({ keyword, instancePath, params }: ErrorObject): Fault {
  const path = instancePath.split('/').slice(1).map(pathKey);
  if (keyword === 'additionalProperties') path.push(params.additionalProperty as string);
  const name = path[0];
  const code = path.length === 1 && name === 'class_uid' ? 'class_uid_unknown' : undefined;
  const version = path.length === 2 && name === 'metadata' && path[1] === 'version';
  return {
    code:
      code ??
      (version && keyword === 'enum' ? 'version_incompatible' : (CODES[keyword] ?? 'constraint_failed')),
    path,
  };
}

/** A part of a JSON pointer; digits are an index, as no attribute is named by digits. */
function pathKey(part: string): string | number {
  return /^\d+$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
