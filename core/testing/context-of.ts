import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noDecodeOptions } from '../event/decode.ts';
import { eventToJson } from '../event/encode.ts';
import type { Event } from '../event/event.ts';
import { type GivenContext, openContext } from '../plugins/context.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import type { Mapper } from '../sdk/contract/mapper.ts';
import type { OutputContext } from '../sdk/contract/output.ts';
import type { Packages } from '../sdk/contract/packages.ts';
import { recordingLogger } from './recording-logger.ts';

/** The event as received, as JSON text: what the built-in mapper `falco` makes, the default of outputs. */
export const asReceived: Mapper<string> = {
  record: { type: 'string', contentMediaType: 'application/json' },
  map: (event) => ({ ok: true, record: eventToJson(event) }),
};

/** The event itself: what the built-in mapper `event` makes, for outputs with `mapper: asEvents`. */
export const asEvent: Mapper<Event> = { map: (event) => ({ ok: true, record: event }) };

/** What a test says of a context. */
export interface ContextMembers<R = unknown> extends Partial<GivenContext<R>> {
  /** Decoded options of the output: `context.http` is made from them. Default none. */
  readonly options?: object;
  /** The packages that the definition declares, for `context.load`. Default none. */
  readonly packages?: Packages;
}

/**
 * The context that `create` of an output gets, for tests that make the output themselves. `stateDir` and `configDir` are an
 * empty folder, which is removed when the process ends; {@link withOutput} removes its own at once and closes `http`.
 *
 * @param members what the test needs otherwise, its own clock or mapper for example
 * @example
 * const log = recordingLogger();
 * const output = definition.create({ url }, contextOf({ options: { url }, log, clock: createFakeClock() }));
 */
export function contextOf<R = unknown>({
  options = {},
  packages,
  ...members
}: ContextMembers<R> = {}): OutputContext<R> {
  return openContext<R>(options, givenContext(members), packages).context;
}

/** The members of a context that do not depend on the options. */
export function givenContext<R = unknown>(members: Partial<GivenContext<R>>): GivenContext<R> {
  const directory =
    members.stateDir !== undefined && members.configDir !== undefined ? '' : folderUntilExit();
  return {
    name: 'under_test',
    log: recordingLogger(),
    clock: systemClock,
    stateDir: directory,
    configDir: directory,
    mapper: asReceived as Mapper<unknown> as Mapper<R>,
    mapperRef: { type: 'falco', module: import.meta.url, options: {} },
    decode: noDecodeOptions,
    ...members,
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
