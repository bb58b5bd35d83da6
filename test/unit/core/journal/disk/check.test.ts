import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cursorFileName } from '../../../../../core/journal/cursor/file.ts';
import { checkJournal } from '../../../../../core/journal/disk/check.ts';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import { encodeChecked } from '../../../../../core/journal/files/checked-file.ts';
import { type FileSystem, nodeFileSystem } from '../../../../../core/journal/files/filesystem.ts';
import { PositionSet } from '../../../../../core/journal/positions.ts';
import { decodeHeader, encodeHeader } from '../../../../../core/journal/segments/codec.ts';
import { segmentPath } from '../../../../../core/journal/segments/segment.ts';
import { entry, silent } from '../fixtures.ts';

let directory: string;
const EVENTS = 40;
const segment = (number: number) => segmentPath(directory, number);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tiercel-check-'));
  const journal = await openDiskJournal({ directory, maxBytes: 1 << 20, segmentBytes: 8 << 10, log: silent });
  await journal.subscribe('lake');
  for (let i = 0; i < EVENTS; i++) await journal.append([entry(`event ${i} `.padEnd(1000, 'x'), 'lake')]);
  await journal.close();
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Flips the bits of one byte. */
function damage(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset]! ^= 0xff;
  writeFileSync(path, bytes);
}

it('finds every event of a sound journal, and changes nothing', async () => {
  const before = readFileSync(segment(1));
  const progress: number[] = [];
  const found = await checkJournal(directory, { progress: (done) => progress.push(done) });
  expect(found).toMatchObject({ events: EVENTS, outputs: ['lake'], tail: 0, setAside: 0, problems: [] });
  expect(found.segments).toBeGreaterThan(3);
  expect(progress).toHaveLength(found.segments);
  expect(readFileSync(segment(1)).equals(before)).toBe(true);
});

it('works beside a process that writes', async () => {
  const journal = await openDiskJournal({ directory, maxBytes: 1 << 20, log: silent });
  await journal.append([entry('one more', 'lake')]);
  expect(await checkJournal(directory)).toMatchObject({ events: EVENTS + 1, problems: [] });
  await journal.close();
});

it('names a damaged event with its place', async () => {
  damage(segment(1), 1500);
  const { events, problems } = await checkJournal(directory);
  expect(events).toBe(EVENTS - 1);
  expect(problems).toMatchObject([
    { path: segment(1), what: '1 events are damaged', offset: expect.any(Number) },
  ]);
  expect(problems[0]!.offset).toBeLessThanOrEqual(1500);
  expect(problems[0]!.offset! + problems[0]!.bytes!).toBeGreaterThan(1500);
});

it('names what the disk cannot read, and goes on behind it', async () => {
  const sick: FileSystem = {
    ...nodeFileSystem,
    async open(path, mode) {
      const file = await nodeFileSystem.open(path, mode);
      if (path !== segment(2)) return file;
      const read = (target: Uint8Array, position: number) =>
        position < 6000 && position + target.length > 5000
          ? Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }))
          : file.read(target, position);
      return { ...file, read };
    },
  };
  const { events, problems } = await checkJournal(directory, {
    fs: sick,
    readTries: { waits: [0], block: 512 },
  });
  const lost = EVENTS - events;
  expect(lost).toBeGreaterThanOrEqual(1);
  expect(lost).toBeLessThanOrEqual(3);
  expect(problems).toContainEqual({
    path: segment(2),
    offset: 4608,
    bytes: 512,
    what: 'the disk cannot read this',
  });
  expect(problems).toContainEqual(expect.objectContaining({ what: `${lost} events are damaged` }));
});

it('tells a torn tail, which a crash leaves, from an older segment that was cut', async () => {
  const { segments } = await checkJournal(directory);
  const size = readFileSync(segment(segments)).length;
  truncateSync(segment(segments), size - 5);
  rmSync(segment(segments).replace('segment', 'index'));
  const torn = await checkJournal(directory);
  expect(torn).toMatchObject({ events: EVENTS - 1, problems: [] });
  expect(torn.tail).toBeGreaterThan(900);
  truncateSync(segment(1), readFileSync(segment(1)).length - 1500);
  const { problems } = await checkJournal(directory);
  expect(problems).toMatchObject([{ path: segment(1), what: '2 events are damaged' }]);
  truncateSync(segment(2), 200);
  expect((await checkJournal(directory)).problems).toHaveLength(2);
});

it('names headers, cursors, manifests and copies that are not what they should be', async () => {
  for (const offset of [3, 67]) damage(segment(1), offset);
  writeFileSync(segment(99), readFileSync(segment(2)));
  writeFileSync(join(directory, 'cursors', 'x.cursor'), 'nonsense');
  writeFileSync(join(directory, 'manifests'), 'nonsense');
  writeFileSync(join(directory, 'extent'), 'nonsense');
  const { problems } = await checkJournal(directory);
  expect(problems.map(({ what }) => what).sort()).toEqual([
    'it is a copy of segment 2',
    'it is damaged',
    'its header is damaged; the next start replaces it',
    'manifests are damaged',
    'this cursor cannot be read',
  ]);
});

it.each(['epoch', 'manifests', 'extent', join('cursors', cursorFileName('lake'))])(
  'names the file %s when a later release wrote it, and reads the others',
  async (name) => {
    const path = join(directory, name);
    const later = { head: {}, numbers: [] };
    const bytes = encodeChecked(later);
    bytes[3] = '2'.charCodeAt(0);
    writeFileSync(path, bytes);
    damage(segment(1), 1500);
    const { events, problems } = await checkJournal(directory);
    expect(events).toBe(EVENTS - 1);
    expect(problems).toHaveLength(2);
    expect(problems).toContainEqual({
      path,
      what: 'it has format version 2: a later release wrote it',
    });
  },
);

it('names a segment that a later release wrote', async () => {
  const bytes = readFileSync(segment(1));
  for (const copy of [0, 64]) {
    bytes.writeUInt32LE(2, copy + 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(copy, copy + 60)), copy + 60);
  }
  writeFileSync(segment(1), bytes);
  const { problems } = await checkJournal(directory);
  expect(problems).toEqual([{ path: segment(1), what: 'it has format version 2: a later release wrote it' }]);
});

it('goes by the epoch that a start would use when the file epoch is lost', async () => {
  rmSync(join(directory, 'epoch'));
  const { segments } = await checkJournal(directory);
  const other = join(directory, 'other');
  const journal = await openDiskJournal({ directory: other, maxBytes: 1 << 20, log: silent });
  await journal.subscribe('lake');
  await journal.append([entry('not of here', 'lake')]);
  await journal.close();
  const bytes = readFileSync(segmentPath(other, 1));
  for (const copy of [0, 64]) {
    bytes.writeUInt32LE(segments + 1, copy + 12);
    bytes.writeUInt32LE(crc32(bytes.subarray(copy, copy + 60)), copy + 60);
  }
  writeFileSync(segment(segments + 1), bytes);
  const { events, problems } = await checkJournal(directory);
  expect(events).toBe(EVENTS);
  expect(problems).toEqual([
    { path: segment(segments + 1), what: `it belongs to another journal (epoch ${journal.epoch})` },
  ]);
});

it('names a cursor of another journal', async () => {
  const other = join(directory, 'other');
  const journal = await openDiskJournal({ directory: other, maxBytes: 1 << 20, log: silent });
  await journal.subscribe('lake');
  await journal.close();
  const path = join(directory, 'cursors', cursorFileName('lake'));
  writeFileSync(path, readFileSync(join(other, 'cursors', cursorFileName('lake'))));
  const { problems } = await checkJournal(directory);
  expect(problems).toEqual([{ path, what: `it belongs to another journal (epoch ${journal.epoch})` }]);
});

it('takes no segment for missing that is settled and removed while it reads', async () => {
  const journal = await openDiskJournal({ directory, maxBytes: 1 << 20, segmentBytes: 8 << 10, log: silent });
  const lake = await journal.subscribe('lake');
  const slow: FileSystem = {
    ...nodeFileSystem,
    async open(path, mode) {
      const file = await nodeFileSystem.open(path, mode);
      // The extent was opened, then the segments are removed.
      if (path.endsWith('extent')) await settle();
      return file;
    },
  };
  async function settle(): Promise<void> {
    lake.acknowledge(PositionSet.fromRuns([[1, EVENTS]]));
    await journal.close();
    expect(existsSync(segment(1))).toBe(false);
  }
  expect(await checkJournal(directory, { fs: slow })).toMatchObject({ problems: [] });
});

it('misses the oldest segment beside one that was begun and holds nothing yet', async () => {
  const { segments } = await checkJournal(directory);
  const header = decodeHeader(readFileSync(segment(segments)));
  if (header === undefined || 'unknownVersion' in header) throw new Error('no header');
  const number = segments + 1;
  const begun = { ...header, number, first: EVENTS + 1, previous: EVENTS };
  writeFileSync(segment(number), encodeHeader(begun));
  rmSync(segment(1));
  const { problems } = await checkJournal(directory);
  expect(problems).toEqual([{ path: directory, what: 'segments 1 to 1 are missing' }]);
});

it('takes no segment for missing by an extent that the version in use does not write', async () => {
  const numbers = [1, 1, 2, 10];
  writeFileSync(join(directory, 'extent'), encodeChecked({ head: {}, numbers }));
  rmSync(segment(1));
  expect(await checkJournal(directory)).toMatchObject({ problems: [] });
});

it('names the cursors when their folder is gone, and fails when it cannot be read', async () => {
  rmSync(join(directory, 'cursors'), { recursive: true });
  const { problems } = await checkJournal(directory);
  expect(problems).toMatchObject([{ what: 'the cursor of output "lake" is gone' }]);
  writeFileSync(join(directory, 'cursors'), 'no folder');
  await expect(checkJournal(directory)).rejects.toThrow('ENOTDIR');
});

it('names a cursor that is gone, and not that of a forgotten output', async () => {
  const journal = await openDiskJournal({ directory, maxBytes: 1 << 20, log: silent });
  await (await journal.subscribe('old')).close();
  await journal.append([entry('for both', 'lake', 'old')]);
  await journal.forget('old');
  await journal.close();
  const path = join(directory, 'cursors', cursorFileName('lake'));
  rmSync(path);
  const { problems, outputs } = await checkJournal(directory);
  expect(problems).toEqual([{ path, what: 'the cursor of output "lake" is gone' }]);
  expect(outputs).toEqual([]);
});

/** The newest segment that holds events. */
const newest = () =>
  join(
    directory,
    readdirSync(directory)
      .filter((name) => name.endsWith('.segment'))
      .sort()
      .at(-1)!,
  );

it('names a damaged end that is not an incomplete write', async () => {
  damage(newest(), readFileSync(newest()).length - 3);
  const { problems } = await checkJournal(directory);
  expect(problems).toMatchObject([
    { path: newest(), what: 'its end is damaged' },
    { path: directory, what: '1 events are missing at its end' },
  ]);
});

it.each(['index', 'cursor'])('names events that are missing at the end by what the %s knows', async (by) => {
  const journal = await openDiskJournal({ directory, maxBytes: 1 << 20, segmentBytes: 8 << 10, log: silent });
  const lake = await journal.subscribe('lake');
  await journal.append([entry('a'.repeat(100), 'lake')]);
  const { size } = statSync(newest());
  await journal.append([entry('b'.repeat(100), 'lake'), entry('c'.repeat(100), 'lake')]);
  if (by === 'cursor') {
    lake.acknowledge(PositionSet.of(EVENTS + 3));
    await lake.flush();
  }
  await journal.close();
  truncateSync(newest(), size);
  if (by === 'cursor') rmSync(newest().replace('segment', 'index'));
  const { problems } = await checkJournal(directory);
  expect(problems).toEqual([{ path: directory, what: '2 events are missing at its end' }]);
});
