import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { systemClock } from '../sdk/contract/clock.ts';

/** What keeps a process alive, counted by kind; undefined where the runtime does not tell. */
export type OpenResources = ReadonlyMap<string, number> | undefined;

/** Kinds that an output opens. A test runner has timers of its own, which end by themselves. */
const KINDS = /TCP|TLS|UDP|Pipe|Timeout|Process|Worker|FSEvent|StatWatcher|Zlib/i;
/** How long what was closed may take to be gone, milliseconds. */
const PATIENCE = 2000;

/** What keeps this process alive now: sockets, timers, child processes. */
export function openResources(): OpenResources {
  // Deno lists sockets that keep nothing alive, too; it looks for leaks by itself.
  if (process.versions.deno !== undefined) return undefined;
  const list = (process as { getActiveResourcesInfo?(): string[] }).getActiveResourcesInfo;
  if (typeof list !== 'function') return undefined;
  const counts = new Map<string, number>();
  for (const kind of list.call(process)) if (KINDS.test(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Asserts that nothing is open that was not open before: the process would not end. */
export async function assertNothingLeftOpen(before: OpenResources): Promise<void> {
  let left = newIn(before);
  for (let waited = 0; left.length > 0 && waited < PATIENCE; waited += 20) {
    await systemClock.sleep(20);
    left = newIn(before);
  }
  assert.ok(
    left.length === 0,
    `after stop() it leaves open what keeps the process alive: ${left.join(', ')}`,
  );
}

function newIn(before: OpenResources): string[] {
  if (before === undefined) return [];
  return [...(openResources() ?? [])].flatMap(([kind, count]) => {
    const more = count - (before.get(kind) ?? 0);
    return more > 0 ? [`${more} ${kind}`] : [];
  });
}

/** Something that keeps the process alive until it is closed, or told not to. */
interface Handle {
  unref?(): unknown;
}

/**
 * Lets the process end after a failure: an output that forgets to close something fails a test, and does not keep `node --test`
 * from its end. Node only.
 *
 * @returns runs a test and remembers what is opened meanwhile. When one has failed, what it and all others opened is told not to
 * keep the process alive, once each is over.
 */
export function endingAfterFailure(): (test: () => Promise<void>) => Promise<void> {
  let opened: WeakRef<Handle>[] = [];
  let hasFailed = false;
  let running = 0;
  const isKnown = process.versions.deno === undefined && process.versions.bun === undefined;
  const hook = createHook({
    init(_id, kind, _trigger, resource) {
      if (KINDS.test(kind)) opened.push(new WeakRef(resource as Handle));
    },
  });
  function unrefAll(): void {
    for (const each of opened) each.deref()?.unref?.();
    opened = [];
  }
  return async (test) => {
    if (!isKnown) return test();
    if (running++ === 0) hook.enable();
    try {
      await test();
    } catch (error) {
      hasFailed = true;
      throw error;
    } finally {
      if (--running === 0) hook.disable();
      if (hasFailed) unrefAll();
      opened = opened.filter((each) => each.deref() !== undefined);
    }
  };
}
