import { stringify } from 'yaml';
import { isSecret, type JsonSchema } from '../config/schema/json-schema.ts';
import { typeName } from './options.ts';

const WIDTH = 100;

/** Which options are written, and how. */
export interface Written {
  /** Values in YAML spelling, by the names of the options. */
  readonly given?: Readonly<Record<string, unknown>>;
  /** Options without a value and a default are written as if they were in force, too, not as comments. */
  readonly all?: boolean;
}

/**
 * The options of an object as YAML, each with what it is above it: what is given or has a default in force, the rest as
 * comments with an example.
 */
export function commentedYaml(schema: JsonSchema, { given = {}, all = false }: Written = {}): string {
  return byNeed(schema)
    .map(([key, option]) => {
      const value = given[key];
      if (value !== undefined) return about(option) + yaml({ [key]: value });
      const inner = option.properties === undefined ? undefined : commentedYaml(option, { all });
      if (inner !== undefined) return about(option) + section(key, option, inner, all);
      if (option.default !== undefined) return about(option) + yaml({ [key]: option.default });
      const line = `${key}: ${placeholder(key, option)}\n`;
      return about(option) + (all ? line : commented(line));
    })
    .join('');
}

/** The options of an object in the order of the definition, those that are rarely needed after the others. */
export function byNeed(schema: JsonSchema): [name: string, option: JsonSchema][] {
  const options = Object.entries(schema.properties ?? {});
  const isAdvanced = ([, { advanced }]: [string, JsonSchema]) => advanced === true;
  return [...options.filter((one) => !isAdvanced(one)), ...options.filter(isAdvanced)];
}

/** A section without an active option is one comment; its options are not commented twice. */
function section(key: string, option: JsonSchema, inner: string, all: boolean): string {
  const isInForce = all || (option.default !== undefined && /^(?!#)./m.test(inner));
  if (isInForce) return `${key}:\n${indent(inner, 2)}`;
  return commented(`${key}:\n${indent(commentedYaml(option, { all: true }), 2)}`);
}

/** What an option is, its choices, and an example where its value shows none. */
function about(schema: JsonSchema): string {
  const isShown = schema.default === undefined || isScalar(schema.default);
  const example = isShown ? undefined : schema.examples?.[0];
  return `${comment(words(schema))}${example === undefined ? '' : `# For example ${flow(example)}\n`}`;
}

/** What an option is, and its choices: the only type that a reader of YAML cannot guess. */
export function words(schema: JsonSchema | undefined): string {
  const name = schema === undefined ? '' : typeName(schema);
  const choices = /^(`[^`]*`(, )?)+$/.test(name) ? `(${name.replaceAll('`', '')})` : '';
  return [schema?.description, choices].filter(Boolean).join(' ');
}

/** A placeholder for a value. */
export function placeholder(key: string, schema: JsonSchema): string {
  if (isSecret(schema)) return `\${env:${key.toUpperCase()}}`;
  const value = schema.default ?? schema.examples?.[0];
  if (value !== undefined) return flow(value);
  return schema.type === 'object' ? '{}' : '""';
}

/** Words as comment lines. */
export function comment(words: string): string {
  const lines: string[] = [];
  for (const word of words.split(/\s+/).filter(Boolean)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`# ${word}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Lines as comments. */
export function commented(lines: string): string {
  return lines.replace(/^(?=.)/gm, '# ');
}

/** Indents lines. */
export function indent(lines: string, by: number): string {
  return lines.replace(/^(?=.)/gm, ' '.repeat(by));
}

/** A value as it stands behind a key, on one line. */
export function flow(value: unknown): string {
  const flowCollectionPadding = !Array.isArray(value);
  return stringify(value, { collectionStyle: 'flow', flowCollectionPadding, lineWidth: 0 }).trimEnd();
}

/** Short collections on one line, as people write them. */
function yaml(value: Readonly<Record<string, unknown>>): string {
  const [[key, member]] = Object.entries(value) as [[string, unknown]];
  const line = `${key}: ${flow(member)}\n`;
  return line.length <= WIDTH ? line : stringify(value, { lineWidth: 0 });
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}
