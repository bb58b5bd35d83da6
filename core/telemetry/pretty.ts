import pretty from 'pino-pretty';
import type { LogDestination } from './log.ts';

/** A stream that takes pino's lines and writes them for people, in this thread and at once. */
export function prettyStream(destination: LogDestination): { write(line: string): unknown } {
  const format = pretty.prettyFactory({
    colorize: destination.isTTY === true && !process.env.NO_COLOR,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    singleLine: true,
  });
  return { write: (line) => destination.write(format(line)) };
}
