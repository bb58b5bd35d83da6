import pino, { type Logger as PinoLogger } from 'pino';
import type { Logger } from '../sdk/contract/logger.ts';
import { printableJson } from '../sdk/contract/printable.ts';
import { type LogDestination, prettyStream } from './pretty.ts';
import { createRedactor } from './redact.ts';

/** How much is logged; `debug` has a line for each event. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level: LogLevel;
  /** `pretty` for people, `json` for programs; `auto` is `pretty` on a terminal. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Values that never appear, whatever is logged: see {@link createRedactor}. */
  readonly secrets: readonly string[];
  /** Where the lines go; default standard error, because standard output may be an output's. */
  readonly destination?: LogDestination;
}

/** A logger that can make loggers with details of their own. */
export interface RootLogger extends Logger {
  /** @example log.child({ output: 'lake' }) */
  child(details: object): RootLogger;
  /** Would a line of this level be written? Asked before working out what is costly. */
  isLevelEnabled(level: LogLevel): boolean;
  /** From now on these values never appear either: those of a configuration that was reloaded. */
  hide(secrets: readonly string[]): void;
}

/**
 * Makes the logger. Each line is written before the call returns, so that the last line before a crash is there.
 */
export function createLogger(options: LogOptions): RootLogger {
  const destination = options.destination ?? process.stderr;
  const pretty = options.format === 'pretty' || (options.format === 'auto' && destination.isTTY === true);
  const target = pretty
    ? prettyStream(destination)
    : { write: (line: string) => destination.write(printableJson(line)) };
  let secrets = options.secrets;
  let redact = createRedactor(secrets);
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Unless told how, pino writes an Error as {}.
    serializers: { error: describeError },
  };
  const logger: PinoLogger = pino(settings, { write: (line) => void target.write(redact(line)) });
  // Children are made of their parent: they have it, too.
  return Object.assign(logger, {
    hide(more: readonly string[]) {
      // The old ones stay: what is still under way may speak of them.
      secrets = [...new Set([...secrets, ...more])];
      redact = createRedactor(secrets);
    },
  });
}

/** What an error says, for whoever reads the log; one in `err` is written with its stack. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}
