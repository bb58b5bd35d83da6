import { createRequire } from 'node:module';
import { printable } from '../sdk/contract/printable.ts';

/** What of a stream is needed. */
export interface LogDestination {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** A stream that takes pino's lines and writes them for people, in this thread and at once. */
export function prettyStream(destination: LogDestination): { write(line: string): unknown } {
  // Loaded here and not above: a service writes JSON, and has no use for these thirty modules.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof import('pino-pretty');
  const format = prettyFactory({
    colorize: destination.isTTY === true && !process.env.NO_COLOR,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    singleLine: true,
  });
  return { write: (line) => destination.write(printable(format(safe(line)), { styled: true })) };
}

/** What pino-pretty prints as it is, made safe: the sentence, on one line, and a stack. The details it prints as JSON. */
function safe(line: string): object | string {
  let entry: { msg?: unknown; err?: { message?: unknown; stack?: unknown } };
  try {
    entry = JSON.parse(line);
  } catch {
    // A secret that was redacted was a part of the JSON itself.
    return printable(line);
  }
  const onOneLine = (text: string) => printable(text).replaceAll('\n', '\\n');
  if (typeof entry.msg === 'string') entry.msg = onOneLine(entry.msg);
  const { message = '', stack } = entry.err ?? {};
  if (typeof stack === 'string')
    entry.err!.stack = printable(stack.replace(String(message), () => onOneLine(String(message))));
  return entry;
}
