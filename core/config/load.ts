import { readdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Checked, checkConfig } from './check/check.ts';
import { type ConfigError, type Fault, type Path, toErrors } from './explain/errors.ts';
import { placeOf } from './explain/source.ts';
import { hiddenTexts, redact } from './print.ts';
import { type Files, loadTree } from './read/include.ts';
import { describeFileError } from './read/interpolate.ts';
import { applyEnvironment, applySets } from './read/override.ts';
import { type MapNode, spanOf } from './read/tree.ts';
import type { Config } from './schema/config.ts';
import { decodeScalars } from './schema/decode.ts';
import type { JsonSchema } from './schema/json-schema.ts';
import type { Registry } from './schema/plugins.ts';
import { ConfigSchema, type ConfigSections } from './schema/sections.ts';

export interface LoadOptions {
  /** The configuration file; errors use this name. */
  readonly file?: string;
  /** The text of the configuration, read instead of `file`, which then gives only the name and the folder. */
  readonly text?: string;
  /** The name of a `text` without a `file`, in errors; default `configuration`. Relative paths start at the current folder. */
  readonly name?: string;
  /** The values of `--set`: `outputs.lake.region=eu-west-1`. They override files and environment; the last one wins. */
  readonly sets?: readonly string[];
  /** The environment, for `${env:…}` and the variables that begin with `TIERCEL_`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly registry: Registry;
  /** False: refuse outputs and mappers that are not built in, instead of running their code. */
  readonly plugins?: boolean;
  /**
   * Only this output is going to be used. References in other outputs and in `server` may be unset; such outputs are not among
   * those of the result.
   */
  readonly only?: string | undefined;
  readonly readFile?: (path: string) => Promise<string>;
  readonly readDir?: (path: string) => Promise<readonly string[]>;
}

/** A valid configuration, or all of its errors. */
export type LoadResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigError[] }
  | {
      readonly ok: false;
      readonly errors: readonly ConfigError[];
      readonly warnings: readonly ConfigError[];
      /** The outputs whose destinations could not be compared with those of others, because their options have errors. */
      readonly unchecked: readonly string[];
    };

/**
 * Reads, merges, checks and decodes a configuration. Returns all errors at once and never throws because of one.
 *
 * @example
 * const result = await loadConfig({ file: 'config.yaml', env: process.env, registry });
 * if (!result.ok) process.stderr.write(renderErrors(result.errors));
 */
export async function loadConfig(options: LoadOptions): Promise<LoadResult> {
  const read = await readTree(options);
  const { root, faults, dir } = read;
  const unneeded = faults.filter((fault) => isUnneeded(fault, options.only));
  const causes = faults.filter((fault) => !unneeded.includes(fault));
  const incomplete = new Set(
    unneeded.flatMap(({ path: [section, name] }) => (section === 'outputs' ? String(name) : [])),
  );
  // A file that is not YAML leaves nothing to check.
  const checked = read.isWhole ? await checkConfig(root, { ...options, dir, incomplete }) : undefined;
  const warnings = toErrors([...read.warnings, ...(checked?.warnings ?? [])]);
  const found = dropConsequences(checked?.faults ?? [], faults).filter(
    (fault) => !unneeded.some(({ path }) => mayFollowFrom(fault, path)),
  );
  if (checked === undefined || causes.length + found.length > 0)
    return {
      ok: false,
      errors: toErrors([...causes, ...found]),
      warnings,
      unchecked: checked?.unchecked ?? [],
    };
  const config = assemble(checked, dir, options.file === undefined ? undefined : read.file, read.files);
  return { ok: true, config, warnings };
}

/** The sections of a configuration that are valid, and the errors in those that are needed. */
export interface LoadedSections {
  /** The folder of the file. */
  readonly dir: string;
  /** The sections without errors; `journal.path` is absolute. */
  readonly sections: Partial<ConfigSections>;
  /** The names of all outputs; complete if there are no errors. */
  readonly outputs: readonly string[];
  /** Texts of the sections that logs must never show. */
  readonly secrets: readonly string[];
  /** Errors of the needed sections, and of the file as a whole. */
  readonly errors: readonly ConfigError[];
}

/**
 * Reads only the sections of a configuration. Commands that work on a running instance or its directory use this: they do not
 * need the secrets of outputs, and they work when the outputs in the file have errors. No plugin is loaded.
 *
 * @param needed the sections whose errors are returned; errors in other sections and in outputs are ignored
 * @example
 * const { sections, errors } = await loadSections({ file: 'tiercel.yaml', env: process.env, needed: ['journal'] });
 */
export async function loadSections(
  options: Pick<LoadOptions, 'file' | 'text' | 'name' | 'sets' | 'env'> & {
    /** For messages that name the types of outputs. */
    readonly registry?: Registry;
    readonly needed: readonly (keyof ConfigSections)[];
  },
): Promise<LoadedSections> {
  const { root, faults, dir, isWhole } = await readTree(options);
  const registry = { ...NO_PLUGINS, outputs: options.registry?.outputs ?? {} };
  const checked = await checkConfig(root, { registry, plugins: false, dir });
  const { journal, ...others } = checked.sections;
  const found = isWhole ? dropConsequences(checked.faults, faults) : [];
  const needed = new Set<string>(options.needed);
  const isNeeded = ({ code, path: [section, name] }: Fault) =>
    section === undefined ||
    section === 'include' ||
    needed.has(String(section)) ||
    // Without their names, events of an output would be taken for those of a removed one.
    (section === 'outputs' && name === undefined && code !== 'TIERCEL_CFG_NO_OUTPUTS');
  return {
    dir,
    sections: { ...others, ...(journal && { journal: { ...journal, path: resolve(dir, journal.path) } }) },
    outputs: checked.outputs.map(({ name }) => name),
    secrets: hiddenTexts({ ...checked.value, outputs: {} }, redactSections(checked)),
    errors: toErrors([...faults, ...found].filter(isNeeded)),
  };
}

/** The text of the configuration, its includes and its overrides as one tree. */
interface ReadTree {
  readonly root: MapNode;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** False: the file could not be read, and the tree is empty. */
  readonly isWhole: boolean;
  readonly dir: string;
  /** The absolute path of the file. */
  readonly file: string;
  /** All files that were read, and all folders that were searched. */
  readonly files: readonly string[];
}

async function readTree(
  options: Pick<LoadOptions, 'file' | 'text' | 'name' | 'sets' | 'env' | 'readFile' | 'readDir'>,
): Promise<ReadTree> {
  const { env = {}, sets = [] } = options;
  const read = options.readFile ?? readText;
  const seen = new Set<string>();
  const files: Files = {
    env,
    readFile: (path) => {
      seen.add(path);
      return read(path);
    },
    readDir: (path) => {
      seen.add(path);
      return (options.readDir ?? readdir)(path);
    },
  };
  const name = options.file ?? options.name ?? 'configuration';
  const file = resolve(name);
  const dir = dirname(file);
  let text = options.text;
  let unreadable: Fault | undefined;
  try {
    text ??= await files.readFile(file);
  } catch (error) {
    const message = `${name} cannot be read: ${describeFileError(error)}`;
    const fix = FILE_FIXES[(error as NodeJS.ErrnoException).code ?? ''];
    unreadable = { code: 'TIERCEL_CFG_FILE', path: [], message, ...(fix && { fix }) };
  }
  const tree = await loadTree({ name, file, text: text ?? '' }, files);
  const fromEnv = applyEnvironment(tree.root, env, dir);
  const { root, faults } = await applySets(fromEnv.root, sets, dir, files);
  const place = { root, dir, file, files: [...seen] };
  if (unreadable !== undefined) return { ...place, faults: [unreadable], warnings: [], isWhole: false };
  return {
    ...place,
    faults: [...tree.faults, ...fromEnv.faults, ...faults],
    warnings: tree.warnings,
    isWhole: tree.isWhole,
  };
}

/** A value that is unset, of the listener, of another output than the needed one, or of an anchor that is not used in it. */
function isUnneeded({ isUnset, path: [section, name] }: Fault, only: string | undefined): boolean {
  if (only === undefined || isUnset !== true || section === undefined) return false;
  return section === 'server' || String(section).startsWith('x-') || (section === 'outputs' && name !== only);
}

/** Whether a fault may only exist because the value at a path is unset: it is about that value or about one that contains it. */
function mayFollowFrom({ code, path }: Fault, unset: Path): boolean {
  const isAbout = code === 'TIERCEL_CFG_VALUE' || code === 'TIERCEL_CFG_TYPE';
  return isAbout && path.length > 1 && path.every((step, index) => step === unset[index]);
}

/** A registry without outputs and mappers, to read the sections only. */
const unknown = async () =>
  ({ ok: false, problem: { code: 'TIERCEL_CFG_UNKNOWN_TYPE', message: 'no outputs are read' } }) as const;
const NO_PLUGINS: Registry = { outputs: {}, mappers: {}, output: unknown, mapper: unknown };

const FILE_FIXES: Readonly<Record<string, string>> = {
  ENOENT: 'Give the path of the configuration with -c, or create one: tiercel init',
  EISDIR: 'Give the path of a file in this directory.',
};

/** Rejects bytes that are not UTF-8: a password in Latin-1 would be decoded to a different one. */
async function readText(path: string): Promise<string> {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  // ASCII text in UTF-16 is valid UTF-8 with a NUL in every other place.
  if (text.includes('\0')) throw Object.assign(new Error(), { code: 'ERR_ENCODING_INVALID_ENCODED_DATA' });
  return text;
}

/** Errors about something missing: it may be in a file that could not be read. */
const MAY_BE_THERE = new Set([
  'TIERCEL_CFG_NO_OUTPUTS',
  'TIERCEL_CFG_MISSING_OPTION',
  'TIERCEL_CFG_UNKNOWN_OUTPUT',
]);

/** Drops errors that follow from others: a value that could not be interpolated is not valid as it is written, either. */
function dropConsequences(faults: readonly Fault[], causes: readonly Fault[]): Fault[] {
  const broken = new Set(
    causes.filter(({ code }) => code === 'TIERCEL_CFG_INTERPOLATION').map(({ path }) => path.join('\0')),
  );
  const isUnread = causes.some(({ code }) => code === 'TIERCEL_CFG_SYNTAX' || code === 'TIERCEL_CFG_FILE');
  return faults.filter(
    ({ code, path }) => !broken.has(path.join('\0')) && !(isUnread && MAY_BE_THERE.has(code)),
  );
}

function redactSections({ value, root }: Checked): Record<string, unknown> {
  return redact({ ...value, outputs: {} }, ConfigSchema as JsonSchema, root) as Record<string, unknown>;
}

function assemble(checked: Checked, dir: string, file: string | undefined, files: readonly string[]): Config {
  const { root, value, outputs } = checked;
  // Complete, except that a section may have an unset value that is not needed.
  const sections = decodeScalars(ConfigSchema as JsonSchema, value) as ConfigSections;
  const { enrich, journal, outputs: _, ...rest } = sections;
  const redacted = redactSections(checked);
  const shown = outputs.map(
    (output) => [output.name, redact(output.value, output.schema, output.node)] as const,
  );
  redacted.outputs = Object.fromEntries(shown);
  const plain = {
    ...value,
    outputs: Object.fromEntries(outputs.map((output) => [output.name, output.value])),
  };
  return {
    ...rest,
    ...(file !== undefined && { file }),
    dir,
    journal: { ...journal, path: resolve(dir, journal.path) },
    enrich: {
      customFields: enrich.custom_fields,
      customTags: enrich.custom_tags,
      templatedFields: enrich.templated_fields,
    },
    outputs: outputs.flatMap(({ config }) => config ?? []),
    redacted,
    secrets: hiddenTexts(plain, redacted),
    files,
    sourceOf: (path) => placeOf(spanOf(root, path)),
  };
}
