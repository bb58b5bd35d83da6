import { stringify } from 'yaml';
import { hasCredentials } from './read/credentials-in-url.ts';
import type { Node } from './read/tree.ts';
import type { Config } from './schema/config.ts';
import { isSecret, itemSchema, type JsonSchema, memberSchema, typesOf } from './schema/json-schema.ts';

/** The replacement for a secret. */
export const REDACTED = '***';

/** The effective configuration as YAML: files, environment and arguments merged, with defaults, secrets hidden. */
export function printConfig(config: Config): string {
  return stringify(config.redacted, { lineWidth: 0 });
}

/** Replaces secrets, values that came from outside, and values that the schema does not know. */
export function redact(value: unknown, schema: JsonSchema | undefined, node: Node | undefined): unknown {
  if ((schema !== undefined && isSecret(schema)) || hasCredentials(value)) return REDACTED;
  // A value from the environment may be a secret only where any text is valid; a size or a choice is not one.
  const isHidden = node?.kind === 'scalar' && node.secret && (node.span.source.isFile || isFreeText(schema));
  if (isHidden) return REDACTED;
  if (Array.isArray(value)) {
    const items = schema && itemSchema(schema);
    return value.map((item, index) =>
      redact(item, items, node?.kind === 'list' ? node.items[index] : undefined),
    );
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const inner = node?.kind === 'map' ? node.entries.get(name)?.value : undefined;
      return [name, redact(member, schema && memberSchema(schema, name), inner)];
    }),
  );
}

/** Formats of texts that may hold anything; those of other formats are no secrets. */
const FREE_FORMATS = new Set(['uri', 'path']);

function isFreeText(schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return true;
  if (!typesOf(schema).has('string') || schema.enum !== undefined) return false;
  return schema.format === undefined || FREE_FORMATS.has(schema.format);
}

/** The texts that {@link redact} replaced. Logs and errors must never show them. */
export function hiddenTexts(value: unknown, redacted: unknown): string[] {
  if (redacted === REDACTED) return typeof value === 'object' ? [] : [String(value)];
  if (typeof value !== 'object' || value === null || typeof redacted !== 'object' || redacted === null)
    return [];
  return Object.entries(value).flatMap(([key, member]) =>
    hiddenTexts(member, (redacted as Record<string, unknown>)[key]),
  );
}
