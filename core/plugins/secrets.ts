import { branches, type JsonSchema, memberSchema } from '../config/schema/json-schema.ts';
import { secretsOfUrl } from '../sdk/http/transport/redact.ts';

/** Shorter texts are not searched for: they occur by chance. */
const SHORTEST = 5;

/**
 * The texts that no reason and no log may contain: the values of secret options, and the parts of secret URLs.
 *
 * @param schema of the options
 * @param value options, decoded or in YAML spelling
 * @example secretsIn(definition.options, { token: 'a-secret-token' }) // ['a-secret-token']
 */
export function secretsIn(schema: object, value: unknown): string[] {
  return search(schema as JsonSchema, value);
}

function search(schema: JsonSchema, value: unknown): string[] {
  if (typeof value === 'string') return branches(schema).some(({ secret }) => secret) ? formsOf(value) : [];
  if (Array.isArray(value)) {
    const items = branches(schema).find((branch) => branch.items !== undefined)?.items ?? {};
    return value.flatMap((item) => search(items, item));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => search(memberSchema(schema, name) ?? {}, member));
}

/** The host of a URL is not secret; its path, parameters and credentials are. */
function formsOf(secret: string): string[] {
  const forms = /^https?:/.test(secret) && URL.canParse(secret) ? secretsOfUrl(new URL(secret)) : [secret];
  return forms.filter(({ length }) => length >= SHORTEST);
}
