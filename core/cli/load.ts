import type { ConfigError } from '../config/explain/errors.ts';
import { renderErrors } from '../config/explain/render.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema/config.ts';
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
}

/** A configuration, and what in it is valid and most probably not meant. */
export type LoadedConfig = Config & { readonly warnings: readonly ConfigError[] };

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
  });
  if (options.json && !result.ok) {
    json(JSON.stringify({ ok: false, errors: result.errors, warnings: result.warnings }));
    return undefined;
  }
  const color = process.stderr.isTTY === true && !process.env.NO_COLOR;
  if (result.warnings.length > 0 && !(result.ok && options.warn === false))
    err(renderErrors(result.warnings, { color, level: 'warning' }), { styled: color });
  if (result.ok) return { ...result.config, warnings: result.warnings };
  err(renderErrors(result.errors, { color }), { styled: color });
  const count = result.errors.length;
  err(`${count} mistake${count === 1 ? '' : 's'} in ${options.config}`);
  return undefined;
}
