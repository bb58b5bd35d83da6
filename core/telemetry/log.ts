import { createRequire } from 'node:module';
import pino, { type Logger as PinoLogger } from 'pino';
import type { Logger } from '../sdk/contract/logger.ts';
import { printable, printableJson } from '../sdk/contract/printable.ts';
import { createRedactor } from './redact.ts';

/** How much is logged; `debug` has a line for each event. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** The part of a stream that the logger uses. */
export interface LogDestination {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto` is `pretty` on a terminal, else `json`. */
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
  /** Whether a line of this level is written; checked before costly work. */
  isLevelEnabled(level: LogLevel): boolean;
  /** Adds secrets to redact, of a configuration that was reloaded. */
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
    // Without this pino writes an Error as {}.
    serializers: { error: describeError },
  };
  const logger: PinoLogger = pino(settings, { write: (line) => void target.write(redact(line)) });
  // Children inherit it from their parent.
  return Object.assign(logger, {
    hide(more: readonly string[]) {
      // The old secrets stay: work in progress may still log them.
      secrets = [...new Set([...secrets, ...more])];
      redact = createRedactor(secrets);
    },
  });
}

/** The message of an error; an error in `err` is written with its stack. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}

/** A stream that formats pino's lines for people, synchronously in this thread. */
function prettyStream(destination: LogDestination): { write(line: string): unknown } {
  // Loaded here and not above: a service writes JSON and does not need these thirty modules (bench/cases/start.ts).
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const format = prettyFactory({
    colorize: destination.isTTY === true && !process.env.NO_COLOR,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    singleLine: true,
  });
  return { write: (line) => destination.write(printable(format(safe(line)), { styled: true })) };
}

/** Makes the message and the stack printable, which pino-pretty prints unchanged. It prints the details as JSON. */
function safe(line: string): object | string {
  let entry: { msg?: unknown; err?: { message?: unknown; stack?: unknown } };
  try {
    entry = JSON.parse(line);
  } catch {
    // A redacted secret was part of the JSON syntax.
    return printable(line);
  }
  const onOneLine = (text: string) => printable(text).replaceAll('\n', '\\n');
  if (typeof entry.msg === 'string') entry.msg = onOneLine(entry.msg);
  const { message = '', stack } = entry.err ?? {};
  if (typeof stack === 'string')
    entry.err!.stack = printable(stack.replace(String(message), () => onOneLine(String(message))));
  return entry;
}
