import { reveal } from '../explain/source.ts';
import { suggest } from '../explain/suggest.ts';
import type { Node } from '../read/tree.ts';
import { isSecret, type JsonSchema, knownNames, memberSchema } from '../schema/json-schema.ts';

/** Keys whose values may be secret, by a part of the name: `apikey`, `webhook_url`, `basic_auth`. */
const SECRET_NAME =
  /pass|p\w{0,3}w(?:or?)?d|secret|token|key|cred|auth|cert|bearer|cookie|session|sign|salt|hash|private|user|login|account|dsn|conn|ur[il]|hook|header|endpoint|address/i;

/** A random text, a URL, or a text with an address or assignment in it. */
const SECRET_VALUE = /:\/\/|[@=\n]|\$\{|-----BEGIN|^(?=.*\d)(?=.*[a-z])[\w+/.:~-]{16,}$/i;

/**
 * Allows errors to quote the value of a key that the schema does not know, unless it may be a secret: by the name of the key or of
 * one around it, by the secret option that the name resembles, or by the look of the value.
 *
 * @param schema of the section that the key is in
 * @example `minimum_priorty: warning` is quoted; `tokn: 5f3…` and `webhook: https://…` are not.
 */
export function revealUnknown(name: string, value: Node | undefined, schema: JsonSchema): void {
  if (value === undefined) return;
  if (value.kind === 'scalar' && typeof value.value === 'boolean') reveal(value.span, false);
  if (SECRET_NAME.test(name) || isLikeSecret(name, schema)) return;
  if (value.kind === 'list') for (const item of value.items) revealUnknown(name, item, schema);
  else if (value.kind === 'map')
    for (const [key, entry] of value.entries) revealUnknown(key, entry.value, schema);
  else if (!value.secret && !SECRET_VALUE.test(String(value.value))) reveal(value.span, false);
}

/** Names that a misspelt key may mean, whatever the schema: the type of an output may be unknown. */
const COMMON_NAMES = ['token', 'password', 'secret', 'apikey', 'bearer', 'authorization', 'credentials'];

function isLikeSecret(name: string, schema: JsonSchema): boolean {
  return suggest(name, [...COMMON_NAMES, ...secretNames(schema)]) !== undefined;
}

const known = new WeakMap<JsonSchema, readonly string[]>();

/** The names of the secret options of a section and of those below it. */
function secretNames(schema: JsonSchema, depth = 0): readonly string[] {
  const found = known.get(schema);
  if (found !== undefined) return found;
  const names = knownNames(schema).flatMap((name) => {
    const member = memberSchema(schema, name)!;
    return [...(isSecret(member) ? [name] : []), ...(depth < 3 ? secretNames(member, depth + 1) : [])];
  });
  if (depth === 0) known.set(schema, names);
  return names;
}
