import type { Logger } from '../sdk/contract/logger.ts';

/** One line of the log. */
export interface LoggedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly details: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that keeps what it is given. */
export interface RecordingLogger extends Logger {
  readonly lines: readonly LoggedLine[];
  /** All lines as text, errors with their messages and stacks, as a log file would hold them. */
  text(): string;
}

/**
 * A logger that keeps every line, for tests of what an output or mapper logs.
 *
 * @example
 * import assert from 'node:assert/strict';
 *
 * const log = recordingLogger();
 * const mapper = headline.create({}, { log });
 * assert.deepEqual(log.lines, [{ level: 'warn', details: { field: 'proc.name' }, message: 'the field is missing' }]);
 */
export function recordingLogger(): RecordingLogger {
  const lines: LoggedLine[] = [];
  const at = (level: LoggedLine['level']) => (details: object | string, message?: string) => {
    if (typeof details === 'string') lines.push({ level, details: {}, message: details });
    else lines.push({ level, details: details as LoggedLine['details'], message: message ?? '' });
  };
  return {
    lines,
    text: () => lines.map((line) => JSON.stringify(line, shown)).join('\n'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

/** JSON has no errors and no large integers; a log shows both. */
function shown(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  return { ...value, message: value.message, stack: value.stack, cause: value.cause };
}
