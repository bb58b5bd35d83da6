import type { Fault, Path } from '../explain/errors.ts';
import type { Span } from '../explain/source.ts';
import { didYouMean } from '../explain/suggest.ts';
import type { Node } from '../read/tree.ts';
import { keyThere, valueChange } from '../schema/falcosidekick.ts';
import { type JsonSchema, knownNames, memberSchema, typesOf } from '../schema/json-schema.ts';

/** A key that the schema does not know, with its context. */
export interface UnknownKey {
  readonly name: string;
  /** The path of its parent in the configuration. */
  readonly path: Path;
  readonly span?: Span;
  readonly value?: Node;
  /** The schema of its parent, and those of the other ancestors, the nearest first. */
  readonly schema: JsonSchema;
  readonly around: readonly { readonly name: string; readonly schema: JsonSchema }[];
  /** A missing required option of the same section that the key probably means. */
  readonly missing?: string;
}

/**
 * The error for an unknown key, with the option that was probably meant; the most certain guess comes first.
 *
 * @returns also whether its fix is a list of all options
 */
export function explainUnknownKey(key: UnknownKey): Fault & { readonly listsOptions: boolean } {
  const { name, path, span, schema } = key;
  const known = knownNames(schema);
  const fault = { code: 'TIERCEL_CFG_UNKNOWN_OPTION' as const, path, ...(span && { span }) };
  const said = `unknown option "${name}"`;
  const guess =
    absent(key) || levels(key) || renamed(key) || near(key) || below(key) || above(key) || wrapped(key);
  if (guess) {
    const { text, ...rest } = guess;
    return { ...fault, message: said + text, ...rest, listsOptions: false };
  }
  const fix = known.length > 0 ? `Known options: ${known.join(', ')}.` : 'There are no options here.';
  return { ...fault, message: said, fix, listsOptions: true };
}

type Guess = { readonly text: string; readonly suggestion?: string; readonly fix?: string } | undefined;

/** The name of a required option that is missing. */
function absent({ name, schema, missing }: UnknownKey): Guess {
  if (missing === undefined) return undefined;
  return (
    changed(name, [missing], schema) ?? {
      text: `; did you mean "${missing}", which is missing?`,
      suggestion: missing,
    }
  );
}

/** Two levels in one word: `TIERCEL_LOG_LEVEL`, `loglevel`. */
function levels({ name, span, schema }: UnknownKey): Guess {
  const isVariable = span?.source.name.includes(' TIERCEL_');
  const sections = knownNames(schema).filter((one) => typesOf(memberSchema(schema, one)!).has('object'));
  for (const section of sections) {
    const below = knownNames(memberSchema(schema, section)!);
    const member =
      below.find((one) => sameName(section + one, name)) ??
      (isVariable && name.startsWith(`${section}_`) ? name.slice(section.length + 1) : undefined);
    if (member === undefined) continue;
    const suggestion = isVariable ? `TIERCEL_${section}__${member}`.toUpperCase() : `${section}.${member}`;
    const why = isVariable ? '; two underscores separate levels: did you mean' : '; did you mean';
    return { text: `${why} ${isVariable ? suggestion : `"${suggestion}"`}?`, suggestion };
  }
  return undefined;
}

/** A name that Falcosidekick uses for an option here or in a subsection. */
function renamed({ name, schema }: UnknownKey): Guess {
  const found = findBelow(schema, (_, option) => keyThere(option, name) !== undefined);
  if (found === undefined) return undefined;
  const change = changed(name, found, schema);
  if (change !== undefined) return change;
  const suggestion = found.join('.');
  return { text: `, which is an option of Falcosidekick; use "${suggestion}"`, suggestion };
}

/**
 * An option that Falcosidekick has under that name but with other values. It is no suggestion: a new name with the old value
 * would mean something else.
 */
function changed(name: string, path: readonly string[], schema: JsonSchema): Guess {
  const option = path.reduce((outer, step) => memberSchema(outer, step) ?? {}, schema);
  const key = keyThere(option, name);
  const here = path.join('.');
  const change = key && valueChange(key, { here, option, quote: '"' });
  if (change === undefined) return undefined;
  return { text: `, which is an option of Falcosidekick; use "${here}", ${change.what}`, fix: change.rule };
}

function near({ name, schema }: UnknownKey): Guess {
  const { text, suggestion } = didYouMean(name, knownNames(schema));
  return suggestion === undefined ? undefined : { text, suggestion };
}

function below({ name, schema }: UnknownKey): Guess {
  const found = findBelow(schema, (candidate) => sameName(candidate, name));
  if (found === undefined) return undefined;
  const suggestion = found.join('.');
  const under = found.slice(0, -1).join('.');
  const text =
    found.at(-1) === name ? `; "${name}" belongs under "${under}"` : `; did you mean "${suggestion}"?`;
  return { text, suggestion };
}

/** An option of an ancestor: the key is indented too deep. */
function above({ name, around }: UnknownKey): Guess {
  const depth = around.findIndex(({ schema }) => knownNames(schema).includes(name));
  if (depth < 0) return undefined;
  return { text: `; "${name}" belongs next to "${around[depth]!.name}", not in it`, suggestion: name };
}

/** A wrapper such as `options: { path: … }`, whose members belong one level up. */
function wrapped({ value, schema, name }: UnknownKey): Guess {
  if (value?.kind !== 'map' || value.entries.size === 0) return undefined;
  const known = new Set(knownNames(schema));
  if (![...value.entries.keys()].every((key) => known.has(key))) return undefined;
  return { text: '', fix: `Remove "${name}:" and move its options one level up.` };
}

/** The path to the first option, here or in subsections, that passes. */
function findBelow(
  schema: JsonSchema,
  passes: (name: string, option: JsonSchema) => boolean,
  depth = 0,
): string[] | undefined {
  const options = knownNames(schema).map((name) => [name, memberSchema(schema, name)!] as const);
  const here = options.find(([name, option]) => passes(name, option));
  if (here !== undefined) return [here[0]];
  if (depth === 2) return undefined;
  for (const [name, option] of options) {
    const found = findBelow(option, passes, depth + 1);
    if (found !== undefined) return [name, ...found];
  }
  return undefined;
}

function sameName(a: string, b: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, '');
  return plain(a) === plain(b);
}
