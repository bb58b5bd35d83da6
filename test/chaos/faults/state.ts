import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { openDiskJournal } from '../../../core/journal/disk/journal.ts';
import type { Random } from '../random.ts';
import { type Fault, restart, type Stage } from './fault.ts';

// What is done to the files of a stopped program. None of it costs an event.

/** Both copies of a segment's header become zeros: the next start replaces it. */
export const headerDamaged: Fault = {
  name: 'header of a segment damaged',
  needs: ['process', 'disk'],
  weight: 2,
  ready: hasSegments,
  async act(stage, random) {
    await stage.tiercel.kill();
    const path = random.pick(segmentsOf(stage.state));
    const bytes = readFileSync(path);
    // One that holds no event has nothing to be recognised by.
    if (bytes.length > 256) writeFileSync(path, bytes.fill(0, 0, 128));
    await restart(stage);
  },
};

/** A segment of another journal with a higher number lies in the directory: it is set aside. */
export const foreignSegment: Fault = {
  name: 'segment of another journal',
  needs: ['process', 'disk'],
  weight: 1,
  ready: hasSegments,
  async act(stage) {
    await stage.tiercel.kill();
    const last = Number(/(\d{12})\.segment$/.exec(segmentsOf(stage.state).at(-1)!)?.[1]);
    const foreign = await foreignSegmentWithNumber(last + 50);
    const path = join(stage.state, 'journal', `${String(last + 50).padStart(12, '0')}.segment`);
    writeFileSync(path, foreign);
    await restart(stage);
    if (existsSync(path)) stage.findings.add('a foreign segment is not set aside', path);
    rmSync(join(stage.state, 'journal', 'corrupt', path.split('/').at(-1)!), { force: true });
  },
};

/** A later release has written a file: this one refuses to start, and the later one finds everything. */
export const laterFormat: Fault = {
  name: 'file of a later format version',
  needs: ['process', 'disk'],
  weight: 1,
  ready: hasSegments,
  async act(stage, random: Random) {
    const { tiercel, state, findings } = stage;
    await tiercel.kill();
    const path = random.pick(segmentsOf(state));
    const kept = `${path}.kept`;
    copyFileSync(path, kept);
    const bytes = readFileSync(path);
    for (const copy of [0, 64]) {
      bytes.writeUInt32LE(9, copy + 8);
      bytes.writeUInt32LE(crc32(bytes.subarray(copy, copy + 60)), copy + 60);
    }
    writeFileSync(path, bytes);
    const started = await tiercel.start().then(
      () => true,
      () => false,
    );
    if (started) {
      findings.add('the program starts on a file of a later format version', path);
      await tiercel.kill();
    }
    copyFileSync(kept, path);
    rmSync(kept);
    await restart(stage);
  },
};

function segmentsOf(state: string): string[] {
  const folder = join(state, 'journal');
  return readdirSync(folder)
    .filter((name) => /^\d{12}\.segment$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function hasSegments({ state }: Stage): boolean {
  return segmentsOf(state).length > 0;
}

/** A sound segment of a journal of its own; its header says the number, as the file's name has to. */
async function foreignSegmentWithNumber(number: number): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'foreign-'));
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const journal = await openDiskJournal({ directory, maxBytes: 1 << 20, log: silent });
  await journal.subscribe('lake');
  const raw = Buffer.from('{"rule":"foreign","priority":"Notice","time":"2025-03-01T00:00:00Z"}');
  await journal.append([{ raw, receivedAt: 0, outputs: ['lake', 'hook_a', 'hook_b', 'picky', 'log'] }]);
  await journal.close();
  const bytes = readFileSync(join(directory, '000000000001.segment'));
  for (const copy of [0, 64]) {
    bytes.writeUInt32LE(number, copy + 12);
    bytes.writeUInt32LE(crc32(bytes.subarray(copy, copy + 60)), copy + 60);
  }
  rmSync(directory, { recursive: true });
  return bytes;
}
