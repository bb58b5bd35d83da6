import { pino } from 'pino';
import type { Logger } from './logger.ts';

/** A logger that can be narrowed: every line of the child carries the bindings. */
export interface RootLogger extends Logger {
  child(bindings: Record<string, unknown>): RootLogger;
}

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `auto`: readable on a terminal, JSON otherwise. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Values that must never be printed, wherever they would appear in a line. */
  readonly secrets?: readonly string[];
  /** Default: standard error, so that the `stdout` output has standard output to itself. */
  readonly write?: (line: string) => void;
}

/**
 * The program's log. Lines are written in this process (no worker), so none is lost when it ends.
 *
 * @example (await createLogger({ level: 'info', format: 'json' })).info({ output: 'lake' }, 'Enabled outputs: lake')
 */
export async function createLogger(options: LogOptions): Promise<RootLogger> {
  const toStderr = (line: string) => void process.stderr.write(line);
  const write = redacting(options.write ?? toStderr, options.secrets ?? []);
  const pretty = options.format === 'pretty' || (options.format === 'auto' && process.stderr.isTTY === true);
  const destination = pretty ? await prettyStream(write) : { write };
  const settings = {
    level: options.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, destination) as RootLogger;
}

async function prettyStream(write: (line: string) => void): Promise<{ write(line: string): void }> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    colorize: process.stderr.isTTY === true && !process.env.NO_COLOR,
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: '{if output}{output}: {end}{msg}',
    ignore: 'output',
    singleLine: true,
  });
  return { write: (line) => write(format(line) ?? line) };
}

/** Replaces every secret in a line; also in the form JSON gives it. */
function redacting(write: (line: string) => void, secrets: readonly string[]): (line: string) => void {
  // Short values would blank out innocent text everywhere; nobody's secret has fewer than four characters.
  const hidden = [...new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))]
    .filter((secret) => secret.length >= 4)
    .sort((a, b) => b.length - a.length);
  if (hidden.length === 0) return write;
  return (line) => write(hidden.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line));
}
