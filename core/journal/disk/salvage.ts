import { join } from 'node:path';
import { codeOf, type FileSystem, nodeFileSystem, readAll } from '../files/filesystem.ts';
import type { StoredEvent } from '../journal.ts';
import { decodeHeader, HEADER_BYTES, namesIn, saltOf } from '../segments/codec.ts';
import { readEpoch } from '../segments/epoch.ts';
import { readFrames } from '../segments/reader.ts';

/** A sound event in a file that was set aside. */
export interface SalvagedEvent extends StoredEvent {
  /** The file in `corrupt/`. */
  readonly path: string;
  /** The outputs that wanted it; undefined where that is not in the file. */
  readonly outputs: readonly string[] | undefined;
}

/** Whole segments (`000000000007.segment`, `….segment.2`), and parts of segments from an offset on (`….segment-4096`). */
const SET_ASIDE = /^\d{12}\.segment(-\d+)?(\.\d+)?$/;

/**
 * Finds the sound events in what was moved or copied to `corrupt/`: segments of another journal, segments that stood under a wrong
 * name, and parts around damage. It reads only, also while a process writes the journal.
 *
 * @param directory of the journal
 */
export async function* salvage(
  directory: string,
  fs: FileSystem = nodeFileSystem,
): AsyncGenerator<SalvagedEvent> {
  const folder = join(directory, 'corrupt');
  const names = await fs.list(folder).catch((error) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const kept = await readEpoch(fs, directory).catch(() => undefined);
  const own = typeof kept === 'object' ? kept.epoch : undefined;
  for (const name of [...names].sort())
    if (SET_ASIDE.test(name)) yield* eventsIn(fs, join(folder, name), own);
}

async function* eventsIn(
  fs: FileSystem,
  path: string,
  ownEpoch: string | undefined,
): AsyncGenerator<SalvagedEvent> {
  const file = await fs.open(path, 'read');
  try {
    const size = await file.size();
    const header = decodeHeader(await readAll(file, new Uint8Array(HEADER_BYTES), 0));
    const epoch = header !== undefined && 'epoch' in header ? header.epoch : ownEpoch;
    if (epoch === undefined) return;
    const routes = new Map<number, readonly string[]>();
    let from: { offset: number; after: number | undefined } = { offset: 0, after: undefined };
    while (from.offset < size) {
      const { frames, next } = await readFrames(file, saltOf(epoch), from, size);
      for (const frame of frames) {
        const { position, receivedAt, payload: raw } = frame;
        if (frame.kind === 'route') routes.set(frame.route, namesIn(frame));
        else yield { path, position, receivedAt, raw, outputs: routes.get(frame.route) };
      }
      from = { offset: next, after: frames.at(-1)?.position ?? from.after };
    }
  } finally {
    await file.close();
  }
}
