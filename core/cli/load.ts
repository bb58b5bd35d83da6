import type { ConfigError } from '../config/explain/errors.ts';
import { renderErrors } from '../config/explain/render.ts';
import {
  type LoadedSections,
  type LoadOptions,
  type LoadResult,
  loadConfig,
  loadSections,
} from '../config/load.ts';
import type { Config } from '../config/schema/config.ts';
import type { ConfigSections } from '../config/schema/sections.ts';
import { createRegistry } from '../plugins/registry.ts';
import type { BuiltIns } from './built-ins.ts';
import type { Cli } from './command.ts';

/** The options that every command with a configuration takes. */
export interface ConfigOptions {
  readonly config: string;
  readonly set: readonly string[];
  /** Errors are printed as JSON. */
  readonly json?: boolean;
  /** False: code that is not built in is not loaded. */
  readonly plugins?: boolean;
  /** False: the warnings of a valid configuration are returned only. */
  readonly warn?: boolean;
  /** The value of `--output`, where the command uses this output only: the secrets of others may be unset. */
  readonly output?: string;
}

/** A configuration with its warnings: values that are valid and probably a mistake. */
export type LoadedConfig = Config & { readonly warnings: readonly ConfigError[] };

/** So many errors, and as many warnings, are printed as text. JSON has them all. */
const SHOWN = 100;

/** Sections of a configuration that have no errors, with the names of its outputs. */
export interface Sections<Needed extends keyof ConfigSections>
  extends Pick<LoadedSections, 'dir' | 'outputs' | 'secrets'> {
  readonly sections: Pick<ConfigSections, Needed> & Partial<ConfigSections>;
}

/**
 * Reads only the sections that a command needs, or prints the errors in them, as {@link loadOrExplain} does. The secrets of
 * outputs may be unset.
 */
export async function loadSectionsOrExplain<Needed extends keyof ConfigSections>(
  builtIns: BuiltIns,
  options: ConfigOptions,
  needed: readonly Needed[],
  io: Pick<Cli, 'json' | 'err'>,
): Promise<Sections<Needed> | undefined> {
  const { errors, sections, ...rest } = await loadSections({
    ...(await sourceOf(options)),
    sets: options.set,
    env: process.env,
    registry: createRegistry(builtIns),
    needed,
  });
  if (errors.length > 0) {
    printErrors({ errors, warnings: [], unchecked: [] }, options, io);
    return undefined;
  }
  // A section that is absent has errors.
  return { ...rest, sections: sections as Sections<Needed>['sections'] };
}

/**
 * Loads the configuration, or prints all errors in it: as text on standard error, as JSON on standard output. `-` reads it from
 * standard input.
 */
export async function loadOrExplain(
  builtIns: BuiltIns,
  options: ConfigOptions,
  { json, err }: Pick<Cli, 'json' | 'err'>,
): Promise<LoadedConfig | undefined> {
  const result = await loadConfig({
    ...(await sourceOf(options)),
    sets: options.set,
    env: process.env,
    registry: createRegistry(builtIns),
    ...(options.plugins === false && { plugins: false }),
    only: options.output,
  });
  if (!result.ok) {
    printErrors(result, options, { json, err });
    return undefined;
  }
  if (result.warnings.length > 0 && options.warn !== false) printSome(result.warnings, 'warning', err);
  return { ...result.config, warnings: result.warnings };
}

/** `-` is standard input. */
async function sourceOf({ config }: ConfigOptions): Promise<Pick<LoadOptions, 'file' | 'name' | 'text'>> {
  return config === '-' ? { name: nameOf(config), text: await readInput() } : { file: config };
}

function nameOf(config: string): string {
  return config === '-' ? 'standard input' : config;
}

function printErrors(
  { errors, warnings, unchecked }: Pick<LoadResult & { ok: false }, 'errors' | 'warnings' | 'unchecked'>,
  options: ConfigOptions,
  { json, err }: Pick<Cli, 'json' | 'err'>,
): void {
  if (options.json) {
    json(JSON.stringify({ ok: false, errors, warnings, unchecked }));
    return;
  }
  if (warnings.length > 0) printSome(warnings, 'warning', err);
  printSome(errors, 'error', err);
  err(`${countOf(errors.length, 'error')} in ${nameOf(options.config)}`);
  if (unchecked.length > 0)
    err(
      `Not checked yet, because the options have errors: the destination of ${unchecked.slice(0, 10).join(', ')}${unchecked.length > 10 ? ` and ${unchecked.length - 10} more` : ''}`,
    );
}

function printSome(errors: readonly ConfigError[], level: 'error' | 'warning', err: Cli['err']): void {
  const color = process.stderr.isTTY === true && !process.env.NO_COLOR;
  err(renderSome(errors, { color, level }), { styled: color });
}

function renderSome(
  errors: readonly ConfigError[],
  { color, level }: { readonly color: boolean; readonly level: 'error' | 'warning' },
): string {
  const text = renderErrors(errors.slice(0, SHOWN), { color, level });
  const more = errors.length - SHOWN;
  return more > 0 ? `${text}\n… and ${countOf(more, `more ${level}`)}; --json prints all of them\n` : text;
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Standard input as text. @throws Error when it is not UTF-8 */
async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new Error('standard input is not UTF-8 text');
  }
}
