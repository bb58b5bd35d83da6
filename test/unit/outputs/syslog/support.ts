import type { Clock } from '../../../../core/sdk/contract/clock.ts';
import type { Batch, Event, Output } from '../../../../core/sdk/index.ts';
import syslog from '../../../../outputs/syslog/index.ts';
import { parseSyslog, splitFrames } from '../../../support/syslog.ts';
import { batchOf, contextOf, eventOf, jsonTextMapper } from '../support.ts';
import { decoded } from './options.ts';

/** The output for a server of this machine, with options in YAML spelling. */
export function create(
  port: number,
  options: Record<string, unknown> = {},
  more: { clock?: Clock; configDir?: string } = {},
): Output<unknown> {
  const context = { ...contextOf(jsonTextMapper), ...more };
  return syslog.create(decoded({ host: '127.0.0.1', port, ...options }), context) as Output<unknown>;
}

/** A batch of events with these texts as output; the record is the text as JSON. */
export function batch(...texts: readonly string[]): Batch<unknown> {
  const events: Event[] = texts.map((output) => eventOf({ output }));
  return batchOf(
    events.map(({ raw }) => Buffer.from(raw).toString()),
    { events },
  );
}

/** The texts of the messages in the bytes of a connection. */
export function textsIn(bytes: Buffer, framing: 'octet_counting' | 'newline' = 'octet_counting'): string[] {
  const { messages, rest } = splitFrames(bytes, framing);
  if (rest.length > 0) throw new Error(`a message is cut: ${rest.toString('latin1').slice(0, 100)}`);
  return messages.map(textOf);
}

/** The text of a message. */
export function textOf(message: Buffer): string {
  return (JSON.parse(parseSyslog(message).message!) as { output: string }).output;
}
