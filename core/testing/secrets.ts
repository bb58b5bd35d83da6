import { type JsonSchema, memberSchema } from '../config/schema/json-schema.ts';
import { secretsOfUrl } from '../sdk/http/redact.ts';

/** Shorter texts stand anywhere. */
const SHORTEST = 5;

/** Everything that a reason or a log must not hold, given options in YAML spelling: the values of options marked secret, and their parts. */
export function secretsIn(schema: JsonSchema, value: unknown): string[] {
  if (schema.secret === true && typeof value === 'string') return formsOf(value);
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(schema.items ?? {}, item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    secretsIn(memberSchema(schema, name) ?? {}, member),
  );
}

/** An address is no secret as far as its host, but its path, its parameters and its credentials are. */
function formsOf(secret: string): string[] {
  const forms = /^https?:/.test(secret) && URL.canParse(secret) ? secretsOfUrl(new URL(secret)) : [secret];
  return forms.filter(({ length }) => length >= SHORTEST);
}
