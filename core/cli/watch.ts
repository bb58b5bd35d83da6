import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often files are looked at, milliseconds. */
const EVERY = 1000;

/**
 * Tells when files have changed and then stayed the same for one look.
 *
 * They are looked at by path, again and again: editors and Kubernetes put a new file, or a link to a new folder, in the
 * place of the old one, of which a watch on the file itself hears nothing.
 *
 * @param files asked for at each look: another configuration may consist of other files
 * @returns a function that ends it
 */
export function watchFiles(
  files: () => readonly string[],
  changed: () => void,
  every: number = EVERY,
): () => void {
  const stop = new AbortController();
  const watch = async () => {
    /** As they were when the last change was told, or when they were first seen. */
    const known = new Map<string, string>();
    let last = '';
    while (!stop.signal.aborted) {
      const now = await look(files());
      const settled = JSON.stringify(now) === last;
      const isChanged = now.some(([path, state]) => known.has(path) && known.get(path) !== state);
      for (const [path, state] of now) if (settled || !known.has(path)) known.set(path, state);
      if (isChanged && settled) changed();
      last = JSON.stringify(now);
      await sleep(every, undefined, { signal: stop.signal, ref: false });
    }
  };
  // Ends by the abort only.
  watch().catch(() => {});
  return () => stop.abort();
}

function look(files: readonly string[]): Promise<(readonly [path: string, state: string])[]> {
  return Promise.all(
    files.map(async (path) => {
      const { ino, size, mtimeMs } = await stat(path).catch(() => ({ ino: 0, size: 0, mtimeMs: 0 }));
      return [path, `${ino}:${size}:${mtimeMs}`] as const;
    }),
  );
}
