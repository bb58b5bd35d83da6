import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noDecodeOptions } from '../event/decode.ts';
import { eventToJson } from '../event/encode.ts';
import type { Event } from '../event/event.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { OutputContext } from '../sdk/contract/output.ts';
import { recordingLogger } from './recording-logger.ts';

/** The event as received, as JSON text: what the built-in mapper `falco` makes, the default of outputs. */
export const asReceived: Mapper<string> = {
  record: { type: 'string', contentMediaType: 'application/json' },
  map: (event) => ({ ok: true, record: eventToJson(event) }),
};

/** The event itself: what the built-in mapper `event` makes, for outputs with `mapper: asEvents`. */
export const asEvent: Mapper<Event> = { map: (event) => ({ ok: true, record: event }) };

/**
 * The context that `create` of an output gets, for tests that make the output themselves. `stateDir` and `configDir` are an
 * empty folder, which is removed when the process ends; {@link withOutput} removes its own at once.
 *
 * @param more what the test needs otherwise, its own clock or mapper for example
 * @example
 * const log = recordingLogger();
 * const output = tickets.create({ url }, contextOf({ log, clock: createFakeClock() }));
 */
export function contextOf<R = unknown>(more: Partial<OutputContext<R>> = {}): OutputContext<R> {
  const directory = more.stateDir !== undefined && more.configDir !== undefined ? '' : folderUntilExit();
  return {
    name: 'under_test',
    log: recordingLogger(),
    clock: systemClock,
    fetch: globalThis.fetch,
    stateDir: directory,
    configDir: directory,
    mapper: asReceived as Mapper<unknown> as Mapper<R>,
    mapperRef: { type: 'falco', module: import.meta.url, options: {} },
    decode: noDecodeOptions,
    ...more,
  };
}

const folders = new Set<string>();

function folderUntilExit(): string {
  if (folders.size === 0)
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-test-'));
  folders.add(folder);
  return folder;
}
