/** Files in a journal that are not its own, or no longer what they were: set aside, counted, and found again. */
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkJournal } from '../../../../../core/journal/disk/check.ts';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import { salvage } from '../../../../../core/journal/disk/salvage.ts';
import type { Journal } from '../../../../../core/journal/journal.ts';
import { segmentPath } from '../../../../../core/journal/segments/segment.ts';
import { bodies, drain, entry, silent } from '../fixtures.ts';

let folder: string;
const own = () => join(folder, 'own');
const other = () => join(folder, 'other');
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-foreign-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (directory: string) =>
  openDiskJournal({ directory, maxBytes: 1 << 20, segmentBytes: 4096, log: silent });

/** A journal with so many events of 500 bytes for output a; `prefix` tells them apart. */
async function fill(directory: string, prefix: string, from: number, to: number): Promise<void> {
  const journal = await open(directory);
  await journal.subscribe('a');
  for (let i = from; i <= to; i++) await journal.append([entry(`${prefix}${i} `.padEnd(500, 'x'), 'a')]);
  await journal.close();
}

async function read(journal: Journal): Promise<string[]> {
  return bodies(await drain(await journal.subscribe('a'))).map((body) => body.split(' ')[0]!);
}

const names = (prefix: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `${prefix}${from + i}`);

test('a segment of another journal with a higher number decides nothing: it is set aside, counted, and can be salvaged', async () => {
  await fill(own(), 'own', 1, 12);
  await fill(other(), 'other', 1, 5);
  copyFileSync(segmentPath(other(), 1), segmentPath(own(), 1));
  const foreign = readFileSync(segmentPath(other(), 1));
  // Its number is in its header: it must be the file's.
  await fill(other(), 'other', 6, 40);
  const high = readdirSync(other())
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .at(-1)!;
  expect(existsSync(join(own(), high))).toBe(false);
  copyFileSync(join(other(), high), join(own(), high));
  expect(foreign.length).toBeGreaterThan(0);

  const journal = await open(own());
  const { exact, atMost } = (await journal.subscribe('a')).lost();
  expect(journal.status().quarantinedFiles).toBe(2);
  await journal.append([entry('fresh', 'a')]);
  await journal.close();
  // Segment 1 was overwritten: what it held is counted, by its index.
  const again = await open(own());
  const left = await read(again);
  expect(left).toEqual([...names('own', 1, 12).slice(exact), 'fresh']);
  expect([exact > 0, atMost]).toEqual([true, 0]);
  await again.close();

  const found: string[] = [];
  for await (const { raw, outputs } of salvage(own())) {
    expect(outputs).toEqual(['a']);
    found.push(Buffer.from(raw).toString().split(' ')[0]!);
  }
  expect(found.slice(0, 5)).toEqual(names('other', 1, 5));
  expect(found.every((name) => name.startsWith('other'))).toBe(true);
  const { setAside, problems } = await checkJournal(own());
  expect([setAside, problems]).toEqual([2, []]);
});

test('without the file epoch, the cursors and most segments say which journal it is', async () => {
  await fill(own(), 'own', 1, 12);
  await fill(other(), 'other', 1, 60);
  const high = readdirSync(other())
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .at(-1)!;
  copyFileSync(join(other(), high), join(own(), high));
  for (const make of [
    () => unlinkSync(join(own(), 'epoch')),
    () => writeFileSync(join(own(), 'epoch'), 'x'),
  ]) {
    make();
    const journal = await open(own());
    expect(await read(journal)).toEqual(names('own', 1, 12));
    await journal.close();
  }
});

test('what is set aside twice under one name is kept twice', async () => {
  await fill(own(), 'own', 1, 3);
  await fill(other(), 'other', 1, 30);
  const foreign = readdirSync(other())
    .filter((name) => name.endsWith('.segment'))
    .sort();
  for (let round = 0; round < 2; round++) {
    copyFileSync(join(other(), foreign.at(-1)!), join(own(), foreign.at(-1)!));
    await (await open(own())).close();
  }
  expect(readdirSync(join(own(), 'corrupt')).sort()).toEqual([foreign.at(-1), `${foreign.at(-1)}.2`]);
});

test.each([
  ['oldest', 0],
  ['newest', -1],
] as const)('the %s segment is missing: every output counts it, and the check names it', async (_, at) => {
  const journal = await open(own());
  await journal.subscribe('a');
  await journal.subscribe('b');
  for (let i = 1; i <= 20; i++)
    await journal.append([entry(`${i} `.padEnd(500, 'x'), ...(i % 2 ? ['a'] : ['a', 'b']))]);
  await journal.close();
  const segments = readdirSync(own())
    .filter((name) => name.endsWith('.segment'))
    .sort();
  const gone = join(own(), segments.at(at)!);
  const count = (directory: string) => checkJournal(directory).then(({ events }) => events);
  const before = await count(own());
  unlinkSync(gone);
  const { problems } = await checkJournal(own());
  expect(problems.map(({ what }) => what).join()).toMatch(/segments \d+ to \d+ are missing/);
  const missing = before - (await count(own()));

  const again = await open(own());
  const a = await again.subscribe('a');
  const b = await again.subscribe('b');
  // Its index is still there.
  expect([a.lost(), a.pending(), a.accepted()]).toEqual([{ exact: missing, atMost: 0 }, 20 - missing, 20]);
  expect([b.lost().exact + b.pending(), b.lost().atMost, b.accepted()]).toEqual([10, 0, 10]);
  await again.close();

  // It is counted once.
  const third = await open(own());
  expect((await third.subscribe('a')).lost()).toEqual({ exact: 0, atMost: 0 });
  await third.close();
});

test('the newest segment is missing and has no index: an upper bound is counted', async () => {
  await fill(own(), 'own', 1, 20);
  const segments = readdirSync(own())
    .filter((name) => name.endsWith('.segment'))
    .sort();
  const last = segments.at(-1)!;
  const before = (await checkJournal(own())).events;
  unlinkSync(join(own(), last));
  unlinkSync(join(own(), last.replace('segment', 'index')));
  const missing = before - (await checkJournal(own())).events;
  const journal = await open(own());
  const a = await journal.subscribe('a');
  const { exact, atMost } = a.lost();
  expect(exact).toBe(0);
  expect(atMost).toBeGreaterThanOrEqual(missing);
  expect(atMost).toBeLessThan(missing + 200);
  expect(a.accepted()).toBe(a.pending() + atMost);
  await journal.close();
});
