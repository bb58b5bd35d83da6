import { readdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Registry } from '../plugins/registry.ts';
import type { Config } from './config.ts';
import { crossCheck } from './cross.ts';
import { decodeScalars } from './decode.ts';
import { type ConfigError, type Fault, toErrors } from './errors.ts';
import { checkShape } from './explain.ts';
import { type Files, loadTree } from './include.ts';
import { describeFileError } from './interpolate.ts';
import type { JsonSchema } from './json-schema.ts';
import { type CheckedOutput, checkOutput } from './outputs.ts';
import { applyEnvironment, applySets } from './override.ts';
import { hiddenTexts, redact } from './print.ts';
import { ConfigSchema, type ConfigSections } from './schema.ts';
import { settle } from './settle.ts';
import { placeOf } from './source.ts';
import { type MapNode, type Node, spanOf, toValue } from './tree.ts';

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
    return { ok: false, errors: toErrors([{ code: 'TIERCEL_CFG_FILE', path: [], message }]), warnings: [] };
  }

  const tree = await loadTree({ name, file, text }, files);
  const fromEnv = applyEnvironment(tree.root, env, dir);
  const fromSets = await applySets(fromEnv.root, sets, dir, files);
  const faults = [...tree.faults, ...fromEnv.faults, ...fromSets.faults];
  // What is left of a file that is not YAML would be reported as missing all over.
  const isBroken = tree.faults.some(
    ({ code }) => code === 'TIERCEL_CFG_SYNTAX' || code === 'TIERCEL_CFG_FILE',
  );
  const checked = isBroken ? undefined : await check(fromSets.root, dir, options);
  const warnings = toErrors(tree.warnings);
  if (checked === undefined || faults.length + checked.faults.length > 0) {
    const all = [...faults, ...dropConsequences(checked?.faults ?? [], faults)];
    return { ok: false, errors: toErrors(all), warnings };
  }
  const config = assemble(checked, dir, options.file === undefined ? undefined : file, [...seen]);
  return { ok: true, config, warnings };
}

/** Bytes that are no UTF-8 are refused: a password in Latin-1 would be sent as another one. */
async function readText(path: string): Promise<string> {
  return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
}

/** A value that could not be filled in is wrong as it stands, too; one error for it is enough. */
function dropConsequences(faults: readonly Fault[], causes: readonly Fault[]): Fault[] {
  const broken = new Set(
    causes.filter(({ code }) => code === 'TIERCEL_CFG_INTERPOLATION').map(({ path }) => path.join('\0')),
  );
  return faults.filter(({ path }) => !broken.has(path.join('\0')));
}

interface Checked {
  readonly root: Node;
  readonly value: Record<string, unknown>;
  /** Those in which nothing is wrong: all of them, when there are no faults. */
  readonly sections: Partial<ConfigSections>;
  readonly outputs: readonly CheckedOutput[];
  readonly faults: readonly Fault[];
}

async function check(raw: MapNode, dir: string, { registry, plugins }: LoadOptions): Promise<Checked> {
  // `x-…` keys hold what anchors are put on.
  const entries = new Map([...raw.entries].filter(([key]) => !key.startsWith('x-')));
  const schema = ConfigSchema as JsonSchema;
  const root = settle({ ...raw, entries }, schema) as MapNode;
  const shape = checkShape(root, schema, []);
  const value = shape.value as Record<string, unknown>;
  const wrong = new Set(shape.faults.map(({ path }) => path[0]));
  const decoded = Object.entries(decodeScalars(schema, value) as ConfigSections);
  const sections: Partial<ConfigSections> = Object.fromEntries(decoded.filter(([name]) => !wrong.has(name)));

  const allow = (value.plugins as { allow?: unknown } | undefined)?.allow;
  const resolve = {
    configDir: dir,
    ...(plugins !== undefined && { plugins }),
    // A list that is itself wrong must not open the door while the rest is checked.
    ...(allow !== undefined && { allow: Array.isArray(allow) ? allow.map(String) : [] }),
  };
  const outputs: CheckedOutput[] = [];
  const section = root.entries.get('outputs');
  if (section?.value.kind === 'map') {
    for (const [name, { key, value: node }] of section.value.entries) {
      if (node.kind === 'map') outputs.push(await checkOutput(name, key, node, { registry, resolve }));
      else if (toValue(node) === null) {
        const message = 'has no value: an output needs at least its "type"';
        const fault: Fault = {
          code: 'TIERCEL_CFG_MISSING_OPTION',
          path: ['outputs', name],
          message,
          span: key,
        };
        outputs.push({ name, faults: [fault], node, schema: {}, value: undefined, route: {} });
      }
    }
  }
  const settled = withOutputs(root, outputs);
  const faults = [...shape.faults, ...outputs.flatMap((output) => output.faults)];
  const brokenOutputs =
    section !== undefined && section.value.kind !== 'map' && toValue(section.value) !== null;
  const whole = {
    root: settled,
    sections,
    outputs: outputs.flatMap(({ config }) => config ?? []),
    routes: outputs,
  };
  const cross = crossCheck(whole).filter(({ code }) => !(brokenOutputs && code === 'TIERCEL_CFG_NO_OUTPUTS'));
  return { root: settled, value, sections, outputs, faults: [...faults, ...cross] };
}

/** The tree with the outputs' texts settled by their own schemas. */
function withOutputs(root: MapNode, outputs: readonly CheckedOutput[]): MapNode {
  const section = root.entries.get('outputs');
  if (section?.value.kind !== 'map') return root;
  const inner = new Map(section.value.entries);
  for (const { name, node } of outputs) inner.set(name, { key: inner.get(name)!.key, value: node });
  const entries = new Map(root.entries);
  entries.set('outputs', { key: section.key, value: { ...section.value, entries: inner } });
  return { ...root, entries };
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
