import type { ConfigError } from '../config/explain/errors.ts';
import { renderErrors } from '../config/explain/render.ts';
import { type LoadedSections, loadConfig, loadSections } from '../config/load.ts';
import type { Config } from '../config/schema/config.ts';
import type { ConfigSections } from '../config/schema/sections.ts';
import { createRegistry } from '../plugins/registry.ts';
import type { BuiltIns } from './built-ins.ts';
import type { Cli } from './command.ts';

/** The options that every command with a configuration takes. */
export interface ConfigOptions {
  readonly config: string;
  readonly set: readonly string[];
  /** Mistakes are printed as JSON. */
  readonly json?: boolean;
  /** False: code that is not built in is not loaded. */
  readonly plugins?: boolean;
  /** False: the warnings of a valid configuration are returned only. */
  readonly warn?: boolean;
  /** The value of `--output`, where the command uses this output only: the secrets of others may be unset. */
  readonly output?: string;
}

/** A configuration, and what in it is valid and most probably not meant. */
export type LoadedConfig = Config & { readonly warnings: readonly ConfigError[] };

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
    file: options.config,
    sets: options.set,
    env: process.env,
    registry: createRegistry(builtIns),
    needed,
  });
  if (errors.length > 0) {
    printErrors({ errors, warnings: [] }, options, io);
    return undefined;
  }
  // A section that is absent has errors.
  return { ...rest, sections: sections as Sections<Needed>['sections'] };
}

/** Loads the configuration, or prints every mistake in it: as text on standard error, as JSON on standard output. */
export async function loadOrExplain(
  builtIns: BuiltIns,
  options: ConfigOptions,
  { json, err }: Pick<Cli, 'json' | 'err'>,
): Promise<LoadedConfig | undefined> {
  const result = await loadConfig({
    file: options.config,
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
  const color = hasColor();
  if (result.warnings.length > 0 && options.warn !== false)
    err(renderErrors(result.warnings, { color, level: 'warning' }), { styled: color });
  return { ...result.config, warnings: result.warnings };
}

function printErrors(
  {
    errors,
    warnings,
  }: { readonly errors: readonly ConfigError[]; readonly warnings: readonly ConfigError[] },
  options: ConfigOptions,
  { json, err }: Pick<Cli, 'json' | 'err'>,
): void {
  if (options.json) {
    json(JSON.stringify({ ok: false, errors, warnings }));
    return;
  }
  const color = hasColor();
  if (warnings.length > 0) err(renderErrors(warnings, { color, level: 'warning' }), { styled: color });
  err(renderErrors(errors, { color }), { styled: color });
  err(`${errors.length} mistake${errors.length === 1 ? '' : 's'} in ${options.config}`);
}

function hasColor(): boolean {
  return process.stderr.isTTY === true && !process.env.NO_COLOR;
}
