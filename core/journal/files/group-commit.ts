import { setImmediate } from 'node:timers';

/** Commits the items of many callers together. */
export interface GroupCommit<T> {
  /** Resolves or rejects as the commit of the group that the item falls into does. */
  submit(item: T): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

interface Waiting<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit without a timer: while one group is written and synced, the next one fills. A group starts at the
 * end of a turn of the event loop, so that clients that were answered together share the next group too: `bench/cases/ingest.ts`.
 *
 * @param commit called with one group at a time
 * @param limit  a group is closed at this weight; a single item may be heavier
 */
export function createGroupCommit<T>(
  commit: (items: readonly T[]) => Promise<void>,
  limit: { readonly weigh: (item: T) => number; readonly most: number },
): GroupCommit<T> {
  let queue: Waiting<T>[] = [];
  let running: Promise<void> | undefined;

  function nextGroup(): Waiting<T>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of queue) {
      weight += limit.weigh(item);
      if (count > 0 && weight > limit.most) break;
      count++;
    }
    const group = queue.slice(0, count);
    queue = queue.slice(count);
    return group;
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const group = nextGroup();
      try {
        await commit(group.map(({ item }) => item));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    running = undefined;
  }

  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        running ??= run();
      }),
    idle: () => running ?? Promise.resolve(),
  };
}
