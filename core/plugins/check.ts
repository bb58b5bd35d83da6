import { keysThere } from '../config/schema/falcosidekick.ts';
import { FORMATS } from '../config/schema/formats.ts';
import { type JsonSchema, schemaProblem, typesOf } from '../config/schema/json-schema.ts';
import { COMMON_SETTINGS } from '../config/schema/output.ts';
import { CATEGORIES, STABILITIES, SUMMARY_LENGTH } from '../sdk/contract/about.ts';
import type { RequestLimits } from '../sdk/contract/batch.ts';
import { factsOf, requestLimitsOf } from '../sdk/contract/facts.ts';
import { packageOf } from './find-package.ts';
import { isRange } from './package-versions.ts';
import { isPackageName } from './resolve.ts';

/** The kinds of plugins. */
export type PluginKind = 'output' | 'mapper';

/**
 * Checks that the default export of a module is a definition that this version understands. Checks every member: the module
 * may be plain JavaScript, or typed by another version of this package.
 *
 * @returns the problems, one sentence each
 */
export function checkDefinition(kind: PluginKind, value: unknown): string[] {
  if (typeof value !== 'object' || value === null) {
    return [
      `has no definition as its default export (export default define${kind === 'output' ? 'Output' : 'Mapper'}({…}))`,
    ];
  }
  const definition = value as Record<string, unknown>;
  if (definition.apiVersion !== 1) {
    return [`is written for apiVersion ${JSON.stringify(definition.apiVersion)}; this version understands 1`];
  }
  const other = otherKind(kind, definition);
  if (other !== undefined) return [other];
  const problems: string[] = [];
  if (typeof definition.type !== 'string' || !/^[a-z][a-z0-9_]*$/.test(definition.type)) {
    problems.push(`its type ${JSON.stringify(definition.type)} is not snake_case`);
  }
  if (typeof definition.summary !== 'string' || definition.summary === '') problems.push('it has no summary');
  else if (definition.summary.length > SUMMARY_LENGTH || definition.summary.includes('\n'))
    problems.push(`its summary is not one line of at most ${SUMMARY_LENGTH} characters`);
  problems.push(...checkAbout(kind, definition));
  if (typeof definition.create !== 'function') problems.push('it has no create()');
  problems.push(...checkOptions(kind, definition.options));
  if (kind === 'output')
    problems.push(
      ...checkBatch(definition.batch),
      ...checkFacts(definition),
      ...checkPackages(definition.packages),
    );
  return problems;
}

/** An output in the place of a mapper, or a mapper in that of an output. */
function otherKind(kind: PluginKind, { batch, examples }: Record<string, unknown>): string | undefined {
  if (kind === 'mapper') return batch === undefined ? undefined : 'it is an output, not a mapper';
  if (batch !== undefined || examples !== undefined) return undefined;
  return 'it is a mapper, not an output: it has neither batch nor examples';
}

/** What lists and pages say of it. */
function checkAbout(kind: PluginKind, definition: Record<string, unknown>): string[] {
  const { category, stability, notes } = definition;
  const problems: string[] = [];
  if (category !== undefined && kind !== 'output')
    problems.push('it has a category, which only outputs have');
  else problems.push(...noneOf('category', category, CATEGORIES));
  problems.push(...noneOf('stability', stability, STABILITIES));
  if (kind === 'output' && stability === 'deprecated' && !notes)
    problems.push('it is deprecated and has no notes that say what to use instead');
  return problems;
}

function noneOf(member: string, value: unknown, words: object): string[] {
  if (value === undefined || Object.keys(words).includes(value as string)) return [];
  return [`its ${member} ${JSON.stringify(value)} is none of ${Object.keys(words).join(', ')}`];
}

function checkOptions(kind: PluginKind, options: unknown): string[] {
  if (typeof options !== 'object' || options === null || (options as JsonSchema).type !== 'object') {
    return ['its options are not an object schema'];
  }
  const schema = options as JsonSchema;
  const problem = schemaProblem(schema);
  if (problem !== undefined) return [`its options are not a valid JSON Schema: ${problem}`];
  const problems = badOptions(schema, '');
  const taken = new Set(kind === 'output' ? COMMON_SETTINGS : ['type']);
  for (const name of Object.keys(schema.properties ?? {})) {
    if (taken.has(name))
      problems.push(`its option "${name}" has the name of a setting that every ${kind} has`);
  }
  return problems;
}

/** What is wrong with options, and objects that accept unknown ones, at any depth. */
function badOptions(schema: JsonSchema, path: string): string[] {
  const problems: string[] = [];
  if (schema.properties !== undefined && schema.additionalProperties !== false) {
    const what = path === '' ? 'its options are' : `its option "${path}" is`;
    problems.push(`${what} not closed (additionalProperties: false, which Type.Object of tiercel sets)`);
  }
  for (const [name, option] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    if (!option.description) problems.push(`its option "${at}" has no description`);
    const isNamed = (schema.required ?? []).includes(name);
    if (option.default !== undefined && !isNamed)
      problems.push(
        `its option "${at}" has a default and is optional too: take Type.Optional away, so that it always has a value (in plain JSON Schema: name it in "required")`,
      );
    const isRequired = isNamed && option.default === undefined;
    problems.push(
      ...badMarks(option, at, isRequired),
      ...badSiblings(option, at, schema.properties ?? {}),
      ...badKeysThere(option, at),
      ...badOptions(option, at),
    );
  }
  const members = [
    schema.items,
    schema.additionalProperties,
    ...Object.values(schema.patternProperties ?? {}),
  ];
  const below = [...members, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  for (const one of below) if (typeof one === 'object') problems.push(...badOptions(one, path));
  return problems;
}

/** What an option says of others beside it that cannot be: one with a default is never absent. */
function badSiblings(option: JsonSchema, at: string, beside: Readonly<Record<string, JsonSchema>>): string[] {
  const { needs = [], excludes = [] } = option;
  const unknown = [...needs, ...excludes].filter((name) => !Object.hasOwn(beside, name));
  const filled = excludes.filter((name) => beside[name]?.default !== undefined);
  return [
    ...unknown.map((name) => `its option "${at}" names "${name}", which is no option beside it`),
    ...filled.map((name) => `its option "${at}" excludes "${name}", which has a default and is never absent`),
  ];
}

/** What does not depend on the options; what does is checked when they are known. */
function checkFacts(definition: Record<string, unknown>): string[] {
  const { ordering, idempotent, confirms, request } = definition;
  const told = Object.entries({ ordering, idempotent, confirms });
  const constants = Object.fromEntries(told.filter(([, fact]) => typeof fact !== 'function'));
  try {
    factsOf(constants, {});
    if (typeof request !== 'function') requestLimitsOf({ request: request as RequestLimits }, {});
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Packages are names with version ranges. */
function checkPackages(packages: unknown): string[] {
  if (packages === undefined) return [];
  if (typeof packages !== 'object' || packages === null || Array.isArray(packages))
    return ['its packages are not an object of names and version ranges'];
  return Object.entries(packages).flatMap(([name, range]) => {
    if (!isPackageName(name) || packageOf(name) !== name)
      return [`its packages name ${JSON.stringify(name)}, which cannot be a package`];
    if (typeof range === 'string' && isRange(range)) return [];
    return [`its package ${name} has ${JSON.stringify(range)}, which is not a version range`];
  });
}

/** Marks that are no booleans, and those of options that nobody can leave out. */
function badMarks(option: JsonSchema, at: string, isRequired: boolean): string[] {
  return (['advanced', 'deprecated'] as const).flatMap((mark) => {
    if (option[mark] === undefined) return [];
    if (typeof option[mark] !== 'boolean') return [`its option "${at}" has "${mark}", which is no boolean`];
    return option[mark] && isRequired ? [`its option "${at}" is required, so it cannot be ${mark}`] : [];
  });
}

/** Keys of Falcosidekick that cannot be, or whose values cannot become those of the option. */
function badKeysThere(option: JsonSchema, at: string): string[] {
  if (option.falcosidekick !== undefined && !Array.isArray(option.falcosidekick))
    return [`its option "${at}" has keys of Falcosidekick that are no list`];
  return keysThere(option).flatMap(({ key, inverted, unit }) => {
    if (typeof key !== 'string' || !/^[a-z0-9]+(\.[a-z0-9]+)*$/.test(key)) {
      const named = JSON.stringify(key);
      return `its option "${at}" names ${named}, which is no key of Falcosidekick (small letters, digits and dots)`;
    }
    const is = `so "${key}" of Falcosidekick cannot be`;
    if (inverted && !typesOf(option).has('boolean'))
      return `its option "${at}" is no boolean, ${is} inverted`;
    if (unit !== undefined && !takesUnit(option, unit))
      return `its option "${at}" has no unit ${JSON.stringify(unit)}, ${is} in it`;
    return [];
  });
}

function takesUnit({ format = '' }: JsonSchema, unit: string): boolean {
  return (format === 'duration' || format === 'size') && FORMATS[format]!.parse(`30${unit}`).ok;
}

function checkBatch(batch: unknown): string[] {
  if (typeof batch !== 'object' || batch === null) return ['it has no batch'];
  const limits = batch as Record<string, unknown>;
  const problems: string[] = [];
  for (const [name, limit] of Object.entries(limits)) {
    if (!['events', 'size', 'every', 'cron'].includes(name))
      problems.push(`its batch has the unknown limit "${name}"`);
    else if (name !== 'cron' && limit !== undefined && !(typeof limit === 'number' && limit > 0)) {
      problems.push(`its batch limit "${name}" is not a positive number`);
    }
  }
  if (Object.values(limits).every((limit) => limit === undefined)) {
    problems.push('its batch has no limit, so nothing would ever be delivered');
  }
  return problems;
}
