import { createRequire } from 'node:module';

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
  return { write: (line) => destination.write(format(line)) };
}
