/** State of other releases: a later format refuses to start and changes nothing, the previous one is opened. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDeadLetterStore } from '../../../../../core/dead-letters/store.ts';
import { cursorFileName } from '../../../../../core/journal/cursor/file.ts';
import { openDiskJournal } from '../../../../../core/journal/disk/journal.ts';
import { UnknownVersionError } from '../../../../../core/journal/files/unknown-version.ts';
import { PositionSet } from '../../../../../core/journal/positions.ts';
import { segmentPath } from '../../../../../core/journal/segments/segment.ts';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';
import { VERSION } from '../../../../../core/sdk/contract/version.ts';
import { bodies, drain, entry, silent } from '../fixtures.ts';

const PREVIOUS = fileURLToPath(new URL('../../../../fixtures/state/v1/', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiercel-formats-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const open = (path = directory) => openDiskJournal({ directory: path, maxBytes: 4 << 20, log: silent });

/** Every file with its bytes, but for the lock. */
function snapshot(): Record<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(directory, name)).isFile() && name !== 'lock');
  return Object.fromEntries(
    files.sort().map((name) => [name, readFileSync(join(directory, name), 'base64')]),
  );
}

describe('a file of a later format version', () => {
  beforeEach(async () => {
    const journal = await open();
    const a = await journal.subscribe('a');
    await journal.append([entry('1', 'a'), entry('2', 'a'), entry('3', 'a')]);
    await a.seal({
      id: 'm',
      partition: '',
      positions: PositionSet.of(1, 2),
      bytes: 2,
      openedAt: 1,
      closedAt: 2,
    });
    a.acknowledge(PositionSet.of(3));
    await journal.close();
  });

  /** Makes a segment's header one of version 2, sound in itself. */
  function laterSegment(path: string): void {
    const bytes = readFileSync(path);
    for (const copy of [0, 64]) {
      bytes.writeUInt32LE(2, copy + 8);
      bytes.writeUInt32LE(crc32(bytes.subarray(copy, copy + 60)), copy + 60);
    }
    writeFileSync(path, bytes);
  }

  function laterNote(path: string): void {
    const bytes = readFileSync(path);
    bytes.write('2', 3);
    writeFileSync(path, bytes);
  }

  test.each([
    ['a segment', () => segmentPath(directory, 1), laterSegment],
    ['a cursor', () => join(directory, 'cursors', cursorFileName('a')), laterNote],
    ['the manifests', () => join(directory, 'manifests'), laterNote],
    ['the epoch', () => join(directory, 'epoch'), laterNote],
    ['the extent', () => join(directory, 'extent'), laterNote],
  ] as const)(
    '%s: the start is refused, says which and what to do, and changes nothing',
    async (_, path, make) => {
      const original = readFileSync(path());
      make(path());
      const before = snapshot();
      const failure = await open().then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      expect(failure).toBeInstanceOf(UnknownVersionError);
      expect(failure).toMatchObject({ path: path(), version: 2, known: 1 });
      expect(failure!.message).toContain(
        `${path()} has format version 2; this program (Tiercel ${VERSION}) reads version 1`,
      );
      expect(failure!.message).toContain('Start the release that wrote it');
      expect(snapshot()).toEqual(before);
      // The release that wrote it finds everything.
      writeFileSync(path(), original);
      const journal = await open();
      const a = await journal.subscribe('a');
      expect(a.unsettled.map(({ id }) => id)).toEqual(['m']);
      expect([a.pending(), a.lost()]).toEqual([2, { exact: 0, atMost: 0 }]);
      await journal.close();
    },
  );

  test('an index of a later version is no reason: the segment is read', async () => {
    laterNote(segmentPath(directory, 1).replace(/segment$/, 'index'));
    const journal = await open();
    expect((await journal.subscribe('a')).pending()).toBe(2);
    await journal.close();
  });
});

describe('state that the previous format wrote', () => {
  test('is opened: pending events, sealed batches and dead letters are all there', async () => {
    cpSync(PREVIOUS, directory, { recursive: true });
    const journal = await open(join(directory, 'journal'));
    const found: Record<string, unknown> = {};
    for (const output of ['picky', 'archive', 'down', 'ten']) {
      const subscription = await journal.subscribe(output);
      const { length } = subscription.unsettled;
      found[output] = [
        subscription.pending(),
        length,
        subscription.lost().exact + subscription.lost().atMost,
      ];
    }
    expect(found).toEqual({ picky: [0, 0, 0], archive: [0, 0, 0], down: [30, 8, 0], ten: [6, 0, 0] });
    expect(journal.status()).toMatchObject({ newest: 30, corruptFrames: 0, quarantinedFiles: 0 });
    const letters = await openDiskJournal({
      directory: join(directory, 'dead-letters'),
      maxBytes: 4 << 20,
      log: silent,
    });
    const store = await openDeadLetterStore(letters, systemClock);
    const refused: number[] = [];
    for await (const { raw } of store.list())
      refused.push(Number(/"n":(\d+)/.exec(Buffer.from(raw).toString())?.[1]));
    expect(refused).toEqual([3, 7, 30]);
    await store.close();
    await letters.close();

    // New events go into segments of their own; those of before are read as they were.
    await journal.append([entry('31', 'down')]);
    await journal.close();
    const again = await open(join(directory, 'journal'));
    const down = await again.subscribe('down');
    expect([down.pending(), down.unsettled.length]).toEqual([31, 8]);
    expect(bodies(await drain(down)).at(-1)).toBe('31');
    await again.close();
  });
});
