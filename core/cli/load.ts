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
  /** Errors are printed as JSON. */
  readonly json?: boolean;
  /** False: code that is not built in is not loaded. */
  readonly plugins?: boolean;
  /** False: the warnings of a valid configuration are returned only. */
  readonly warn?: boolean;
}

/** A configuration with its warnings: values that are valid and probably a mistake. */
export type LoadedConfig = Config & { readonly warnings: readonly ConfigError[] };

/** So many errors, and as many warnings, are printed as text. JSON has them all. */
const SHOWN = 100;

/**
 * Loads the configuration, or prints all errors in it: as text on standard error, as JSON on standard output. `-` reads it from
 * standard input.
 */
export async function loadOrExplain(
  builtIns: BuiltIns,
  options: ConfigOptions,
  { json, err }: Pick<Cli, 'json' | 'err'>,
): Promise<LoadedConfig | undefined> {
  const isInput = options.config === '-';
  const name = isInput ? 'standard input' : options.config;
  const result = await loadConfig({
    ...(isInput ? { name, text: await readInput() } : { file: options.config }),
    sets: options.set,
    env: process.env,
    registry: createRegistry(builtIns),
    ...(options.plugins === false && { plugins: false }),
  });
  if (options.json && !result.ok) {
    const { errors, warnings, unchecked } = result;
    json(JSON.stringify({ ok: false, errors, warnings, unchecked }));
    return undefined;
  }
  const color = process.stderr.isTTY === true && !process.env.NO_COLOR;
  if (result.warnings.length > 0 && !(result.ok && options.warn === false))
    err(renderSome(result.warnings, { color, level: 'warning' }), { styled: color });
  if (result.ok) return { ...result.config, warnings: result.warnings };
  err(renderSome(result.errors, { color, level: 'error' }), { styled: color });
  err(`${countOf(result.errors.length, 'error')} in ${name}`);
  const { unchecked } = result;
  if (unchecked.length > 0)
    err(
      `Not checked yet, because the options have errors: the destination of ${unchecked.slice(0, 10).join(', ')}${unchecked.length > 10 ? ` and ${unchecked.length - 10} more` : ''}`,
    );
  return undefined;
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
