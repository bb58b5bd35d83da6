import { stringify } from 'yaml';
import {
  branches,
  isSecret,
  type JsonSchema,
  knownNames,
  memberSchema,
  typesOf,
} from '../schema/json-schema.ts';

/**
 * The fix for a value that must be a mapping: the example of the schema, or the options that it requires, or the first one that
 * it knows.
 *
 * @param name of the option; empty where it is not known
 * @example mappingExample('tls', schema) // 'For example:  tls: { cert: tls.crt, key: tls.key }'
 */
export function mappingExample(name: string, schema: JsonSchema): string {
  return name === '' ? `For example: ${exampleOf(schema)}` : `For example:  ${name}: ${exampleOf(schema)}`;
}

function exampleOf(schema: JsonSchema, depth = 0): string {
  const [branch = schema] = branches(schema).filter((one) => typesOf(one).has('object'));
  const example = [...(schema.examples ?? []), ...(branch.examples ?? [])].find(isPlainObject);
  if (example !== undefined && Object.keys(example).length > 0) return inYaml(example);
  const known = knownNames(branch);
  const required = branch.required?.filter((name) => memberSchema(branch, name)?.default === undefined) ?? [];
  const names = required.length > 0 ? required : known.slice(0, 1);
  if (names.length === 0) return '{ name: value }';
  const members = names.map((name) => `${name}: ${valueExample(memberSchema(branch, name)!, depth)}`);
  return `{ ${members.join(', ')} }`;
}

function valueExample(schema: JsonSchema, depth: number): string {
  if (isSecret(schema)) return '…';
  const value = schema.examples?.[0] ?? schema.default ?? schema.enum?.[0];
  if (typesOf(schema).has('object') && !typesOf(schema).has('string'))
    return depth < 2 ? exampleOf(schema, depth + 1) : '{ … }';
  return value === undefined ? '…' : inYaml(value);
}

/** On one line, as it is written in the configuration. */
function inYaml(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim();
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
