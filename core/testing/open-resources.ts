import assert from 'node:assert/strict';
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
