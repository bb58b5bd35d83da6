import type { JsonSchema } from './json-schema.ts';
import { mapSchemas, type Schema } from './map-schemas.ts';

/**
 * Moves an option that is used in several places to `$defs` and refers to it: `{ $ref: '#/$defs/retry' }`. A
 * definition is called like the option, the next one of that name `retry_2`. What is shorter than a reference stays where
 * it is. The schema takes and refuses what it did before.
 *
 * @param schema without references
 * @param named schemas that become definitions wherever they stand, each under its name
 * @returns the schema with its `$defs`, in the order of their first use; without any where nothing is shared
 */
export function shareDefinitions(
  schema: JsonSchema | Schema,
  named: Readonly<Record<string, Schema>> = {},
): Record<string, unknown> {
  const places = countPlaces(schema as Schema);
  const nameOf = new Map(Object.entries(named).map(([name, one]) => [JSON.stringify(one), name]));
  const definitions: Record<string, unknown> = {};

  const share = (one: Schema, option?: string): unknown => {
    const text = JSON.stringify(one);
    let name = nameOf.get(text);
    if (name === undefined) {
      if (option === undefined || places.get(text)! < 2) return rewrite(one);
      name = freeName(option, new Set(nameOf.values()));
      if (text.length <= JSON.stringify(referTo(name)).length) return rewrite(one);
      nameOf.set(text, name);
    }
    if (!(name in definitions)) {
      // It keeps its place before those that are in it.
      definitions[name] = undefined;
      definitions[name] = rewrite(one);
    }
    return referTo(name);
  };
  const rewrite = (one: Schema) => mapSchemas(one, share);

  const root = rewrite(schema as Schema);
  return Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions };
}

function referTo(name: string): Record<string, unknown> {
  return { $ref: `#/$defs/${name}` };
}

/** The option's name in characters that need no escape in a pointer, with a number where it is taken. */
function freeName(option: string, taken: ReadonlySet<string>): string {
  const base = option.replace(/[^A-Za-z0-9_-]/g, '_');
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
  return name;
}

/**
 * In how many places an option stands, by its JSON. What is in it counts at its first place only: in the others it is part
 * of the definition.
 */
function countPlaces(schema: Schema): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const visit = (one: Schema, option?: string): Schema => {
    if (option !== undefined) {
      const text = JSON.stringify(one);
      const count = (places.get(text) ?? 0) + 1;
      places.set(text, count);
      if (count > 1) return one;
    }
    return mapSchemas(one, visit);
  };
  mapSchemas(schema, visit);
  return places;
}
