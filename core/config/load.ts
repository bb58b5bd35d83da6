import { readdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { type Checked, checkConfig } from './check/check.ts';
import { type ConfigError, type Fault, toErrors } from './explain/errors.ts';
import { placeOf } from './explain/source.ts';
import { hiddenTexts, redact } from './print.ts';
import { type Files, loadTree } from './read/include.ts';
import { describeFileError } from './read/interpolate.ts';
import { applyEnvironment, applySets } from './read/override.ts';
import { spanOf } from './read/tree.ts';
import type { Config } from './schema/config.ts';
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
  try {
    text ??= await files.readFile(file);
  } catch (error) {
    const message = `${name} cannot be read: ${describeFileError(error)}`;
    const fix = FILE_FIXES[(error as NodeJS.ErrnoException).code ?? ''];
    const fault: Fault = { code: 'TIERCEL_CFG_FILE', path: [], message, ...(fix && { fix }) };
    return { ok: false, errors: toErrors([fault]), warnings: [], unchecked: [] };
  }

  const tree = await loadTree({ name, file, text }, files);
  const fromEnv = applyEnvironment(tree.root, env, dir);
  const fromSets = await applySets(fromEnv.root, sets, dir, files);
  const faults = [...tree.faults, ...fromEnv.faults, ...fromSets.faults];
  // A file that is not YAML leaves nothing to check.
  const checked = tree.isWhole ? await checkConfig(fromSets.root, { ...options, dir }) : undefined;
  const warnings = toErrors([...tree.warnings, ...(checked?.warnings ?? [])]);
  if (checked === undefined || faults.length + checked.faults.length > 0) {
    const all = [...faults, ...dropConsequences(checked?.faults ?? [], faults)];
    return { ok: false, errors: toErrors(all), warnings, unchecked: checked?.unchecked ?? [] };
  }
  const config = assemble(checked, dir, options.file === undefined ? undefined : file, [...seen]);
  return { ok: true, config, warnings };
}

/**
 * The sections of a configuration that have no errors, even if others do. With these, commands reach a running instance whose
 * file was broken after the start. Outputs are not checked, and no plugin is loaded.
 */
export async function loadSections({
  file = 'configuration',
  sets = [],
  env = {},
}: Pick<LoadOptions, 'file' | 'sets' | 'env'>): Promise<{
  readonly dir: string;
  readonly sections: Partial<ConfigSections>;
}> {
  const files: Files = { env, readFile: readText, readDir: readdir };
  const path = resolve(file);
  const dir = dirname(path);
  const text = await readText(path).catch(() => '');
  const tree = await loadTree({ name: file, file: path, text }, files);
  const { root } = await applySets(applyEnvironment(tree.root, env, dir).root, sets, dir, files);
  const { sections } = await checkConfig(root, { registry: NO_PLUGINS, plugins: false, dir });
  return { dir, sections };
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

function assemble(
  { root, value, sections, outputs }: Checked,
  dir: string,
  file: string | undefined,
  files: readonly string[],
): Config {
  const { enrich, journal, outputs: _, ...rest } = sections as ConfigSections;
  const redacted = redact({ ...value, outputs: {} }, ConfigSchema as JsonSchema, root) as Record<
    string,
    unknown
  >;
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
    outputs: outputs.map(({ config }) => config!),
    redacted,
    secrets: hiddenTexts(plain, redacted),
    files,
    sourceOf: (path) => placeOf(spanOf(root, path)),
  };
}
