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
  /** The configuration file; errors name it as it is given here. */
  readonly file?: string;
  /** The configuration itself, instead of (or, with `file` for its name and folder, as if it were) the file. */
  readonly text?: string;
  /** What `--set` was given: `outputs.lake.region=eu-west-1`. The last one wins, over files and environment. */
  readonly sets?: readonly string[];
  /** For `${env:…}` and the keys that begin with `TIERCEL_`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly registry: Registry;
  /** False: refuse outputs and mappers that are not built in, instead of running their code. */
  readonly plugins?: boolean;
  readonly readFile?: (path: string) => Promise<string>;
  readonly readDir?: (path: string) => Promise<readonly string[]>;
}

/** A configuration that can be run, or everything that is wrong with it. */
export type LoadResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigError[] }
  | {
      readonly ok: false;
      readonly errors: readonly ConfigError[];
      readonly warnings: readonly ConfigError[];
    };

/**
 * Reads, puts together, checks and decodes a configuration. Never throws for what is wrong with it; reports all of it at once.
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
  const name = options.file ?? 'configuration';
  const file = resolve(name);
  const dir = dirname(file);
  let text = options.text;
  try {
    text ??= await files.readFile(file);
  } catch (error) {
    const message = `${name} cannot be read: ${describeFileError(error)}`;
    const fix = FILE_FIXES[(error as NodeJS.ErrnoException).code ?? ''];
    const fault: Fault = { code: 'TIERCEL_CFG_FILE', path: [], message, ...(fix && { fix }) };
    return { ok: false, errors: toErrors([fault]), warnings: [] };
  }

  const tree = await loadTree({ name, file, text }, files);
  const fromEnv = applyEnvironment(tree.root, env, dir);
  const fromSets = await applySets(fromEnv.root, sets, dir, files);
  const faults = [...tree.faults, ...fromEnv.faults, ...fromSets.faults];
  // Of a file that is no YAML nothing is left to be checked.
  const checked = tree.isWhole ? await checkConfig(fromSets.root, { ...options, dir }) : undefined;
  const warnings = toErrors([...tree.warnings, ...(checked?.warnings ?? [])]);
  if (checked === undefined || faults.length + checked.faults.length > 0) {
    const all = [...faults, ...dropConsequences(checked?.faults ?? [], faults)];
    return { ok: false, errors: toErrors(all), warnings };
  }
  const config = assemble(checked, dir, options.file === undefined ? undefined : file, [...seen]);
  return { ok: true, config, warnings };
}

/**
 * The sections of a configuration in which nothing is wrong, whatever is wrong with the rest: what still holds for a running
 * instance when its file was broken after the start. Outputs are not looked at, and no code is loaded.
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

/** Knows no output and no mapper: of a configuration only the sections are read. */
const unknown = async () =>
  ({ ok: false, problem: { code: 'TIERCEL_CFG_UNKNOWN_TYPE', message: 'no outputs are read' } }) as const;
const NO_PLUGINS: Registry = { outputs: {}, mappers: {}, output: unknown, mapper: unknown };

const FILE_FIXES: Readonly<Record<string, string>> = {
  ENOENT: 'Name another with -c, or have one written: tiercel init',
  EISDIR: 'Name the file in it.',
};

/** Bytes that are no UTF-8 are refused: a password in Latin-1 would be sent as another one. */
async function readText(path: string): Promise<string> {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  // UTF-16 of English letters is valid UTF-8, every other character of it a NUL.
  if (text.includes('\0')) throw Object.assign(new Error(), { code: 'ERR_ENCODING_INVALID_ENCODED_DATA' });
  return text;
}

/** What is missing may be in a file that could not be read. */
const MAY_BE_THERE = new Set([
  'TIERCEL_CFG_NO_OUTPUTS',
  'TIERCEL_CFG_MISSING_OPTION',
  'TIERCEL_CFG_UNKNOWN_OUTPUT',
]);

/** A value that could not be filled in is wrong as it stands, too; one error for it is enough. */
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
