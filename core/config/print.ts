import { stringify } from 'yaml';
import type { Node } from './read/tree.ts';
import type { Config } from './schema/config.ts';
import { isSecret, itemSchema, type JsonSchema, memberSchema, typesOf } from './schema/json-schema.ts';

/** What stands for a secret. */
export const REDACTED = '***';

/** The configuration in force as YAML: files, environment and arguments put together, defaults filled in, secrets hidden. */
export function printConfig(config: Config): string {
  return stringify(config.redacted, { lineWidth: 0 });
}

/** Replaces what the schema calls a secret, what came from outside, and what the schema does not know. */
export function redact(value: unknown, schema: JsonSchema | undefined, node: Node | undefined): unknown {
  if (schema !== undefined && isSecret(schema)) return REDACTED;
  // A key set by the environment may hold a secret where any text will do; a size or a choice is none.
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

function isFreeText(schema: JsonSchema | undefined): boolean {
  if (schema === undefined) return true;
  return (
    typesOf(schema).has('string') && schema.enum === undefined && !(schema.format && schema.format !== 'uri')
  );
}

/** The texts that {@link redact} hid: what logs and errors must never show. */
export function hiddenTexts(value: unknown, redacted: unknown): string[] {
  if (redacted === REDACTED) return typeof value === 'object' ? [] : [String(value)];
  if (typeof value !== 'object' || value === null || typeof redacted !== 'object' || redacted === null)
    return [];
  return Object.entries(value).flatMap(([key, member]) =>
    hiddenTexts(member, (redacted as Record<string, unknown>)[key]),
  );
}
