import { join } from 'node:path';
import { decodeChecked, encodeChecked, numbersOf, runsOfNumbers } from '../files/checked-file.ts';
import type { File, FileSystem } from '../files/filesystem.ts';
import { codeOf, isDiskFull, readWhole, replaceFile, writeAll } from '../files/filesystem.ts';
import { createGroupCommit } from '../files/group-commit.ts';
import type { Manifest } from '../journal.ts';
import { JournalFailedError } from '../journal.ts';
import { PositionSet } from '../positions.ts';

/** A manifest and the output it belongs to. */
export interface SealedManifest {
  readonly output: string;
  readonly manifest: Manifest;
}

/** The file in which manifests are sealed: one for all outputs, so that one sync serves all. */
export interface ManifestLog {
  /** Resolves when the manifest is durable. @throws JournalFailedError */
  seal(sealed: SealedManifest): Promise<void>;
  /** Rewrites the file with what is not settled. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

const FILE = 'manifests';
const GROUP_BYTES = 4 << 20;
/** The file is rewritten when it has grown to this, or to twice what was not settled the last time. */
const COMPACT_AT = 256 << 10;

/**
 * @param live what is not durably settled: all that a compaction keeps
 * @param makeRoom called when the disk is full; true when it is worth another try
 */
export function createManifestLog(options: {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly live: () => readonly SealedManifest[];
  readonly makeRoom: () => Promise<boolean>;
  /** Adds the manifests of a group to the cursors as soon as they are durable, before any compaction can miss them. */
  readonly sealed: (group: readonly SealedManifest[]) => void;
}): ManifestLog {
  const { fs, directory, live, makeRoom } = options;
  const path = join(directory, FILE);
  let file: File | undefined;
  let bytes = 0;
  let compactAt = COMPACT_AT;

  /** Puts a fresh file in place of the old one: after damage and after a failed sync too, which must not be tried again. */
  async function rewrite(group: readonly SealedManifest[]): Promise<void> {
    await file?.close().catch(() => {});
    file = undefined;
    const data = concat([...live(), ...group].map(encodeManifest));
    await replaceFile(fs, path, data, { durable: true });
    file = await fs.open(path, 'modify');
    bytes = data.length;
    compactAt = Math.max(COMPACT_AT, 2 * bytes);
  }

  async function write(group: readonly SealedManifest[]): Promise<void> {
    if (file === undefined || bytes > compactAt) return rewrite(group);
    const data = concat(group.map(encodeManifest));
    try {
      await writeAll(file, data, bytes);
      await file.sync();
      bytes += data.length;
    } catch (error) {
      // What stands after `bytes` now is neither trusted nor synced again.
      await file.close().catch(() => {});
      file = undefined;
      throw error;
    }
  }

  async function commit(group: readonly SealedManifest[]): Promise<void> {
    try {
      await write(group);
    } catch (error) {
      try {
        if (isDiskFull(error) && !(await makeRoom())) throw error;
        await rewrite(group);
      } catch (again) {
        throw new JournalFailedError(`the manifest cannot be written: ${(again as Error).message}`, {
          cause: again,
        });
      }
    }
    options.sealed(group);
  }

  const groups = createGroupCommit<SealedManifest | undefined>(
    (items) => {
      const group = items.filter((item) => item !== undefined);
      return group.length > 0 ? commit(group) : rewrite([]);
    },
    { weigh: (item) => (item === undefined ? GROUP_BYTES : 100), most: GROUP_BYTES },
  );

  return {
    seal: (sealed) => groups.submit(sealed),
    compact: () => groups.submit(undefined),
    async close() {
      await groups.idle();
      await file?.close().catch(() => {});
      file = undefined;
    },
  };
}

/** Reads the manifests in the order of their sealing, and counts the damaged bytes. @throws UnknownVersionError */
export async function readManifests(
  fs: FileSystem,
  directory: string,
): Promise<{ readonly manifests: readonly SealedManifest[]; readonly damagedBytes: number }> {
  const path = join(directory, FILE);
  const data = await readWhole(fs, path).catch((error) => {
    if (codeOf(error) === 'ENOENT') return new Uint8Array(0);
    throw error;
  });
  const manifests: SealedManifest[] = [];
  let damagedBytes = 0;
  for (let at = 0; at < data.length; ) {
    const checked = decodeChecked(data, path, at);
    if (checked === undefined) {
      damagedBytes++;
      at++;
      continue;
    }
    const { output, ...rest } = checked.head as { output: string } & Omit<Manifest, 'positions'>;
    const positions = PositionSet.fromRuns(runsOfNumbers(checked.numbers));
    manifests.push({ output, manifest: { ...rest, positions } });
    at += checked.length;
  }
  return { manifests, damagedBytes };
}

function encodeManifest({ output, manifest }: SealedManifest): Uint8Array {
  const { positions, ...rest } = manifest;
  return encodeChecked({ head: { output, ...rest }, numbers: numbersOf(positions) });
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
