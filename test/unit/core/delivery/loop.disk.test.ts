import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDiskJournal } from '../../../../core/journal/disk/journal.ts';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import { delivered, retry } from '../../../../core/sdk/contract/verdicts.ts';
import type { Batch } from '../../../../core/sdk/index.ts';
import { createWorld, silent } from '../../../support/output-loop.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiercel-loop-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const openJournal = () =>
  openDiskJournal({ directory, maxBytes: 64 << 20, segmentBytes: 1 << 20, log: silent });

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(5);
}

it('replays batches from disk under their old ids with their old records', async () => {
  const seen = new Map<string, string>();
  let journal = await openJournal();
  const before = await createWorld({ clock: systemClock, journal });
  const down = await before.run(
    {
      async deliver({ id, records }: Batch<number>) {
        seen.set(id, records.join());
        return retry('down');
      },
    },
    { limits: { events: 700 } },
  );
  await before.accept(5000);
  await until(() => seen.size >= 4);
  await down.loop.stop(AbortSignal.timeout(5000));
  expect(down.identity()).toBe(0);
  await journal.close();

  journal = await openJournal();
  const after = await createWorld({ clock: systemClock, journal });
  const ids: string[] = [];
  const records: number[] = [];
  const up = await after.run(
    {
      async deliver(batch: Batch<number>) {
        ids.push(batch.id);
        expect(seen.get(batch.id) ?? batch.records.join()).toBe(batch.records.join());
        records.push(...batch.records);
        return delivered();
      },
    },
    { limits: { events: 11, every: 100 } },
  );
  await until(() => up.loop.accounts().pending === 0);
  expect(records.sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, n) => n));
  expect(ids.filter((id) => seen.has(id)).length).toBe(seen.size);
  expect(up.loop.accounts().accepted).toBe(5000);
  expect(up.identity()).toBe(0);
  await up.loop.stop(AbortSignal.timeout(5000));
  await journal.close();
});

it('counts an event that rotted in the journal before it was read, and delivers the others', async () => {
  let journal = await openJournal();
  const before = await createWorld({ clock: systemClock, journal });
  const down = await before.run({ deliver: async () => retry('down') }, { limits: { events: 100 } });
  await before.accept(10);
  await down.loop.stop(AbortSignal.timeout(5000));
  await journal.close();

  const segment = join(directory, readdirSync(directory).find((name) => name.endsWith('.segment'))!);
  const bytes = readFileSync(segment);
  bytes[bytes.indexOf('rule 4')]! ^= 1;
  writeFileSync(segment, bytes);

  journal = await openJournal();
  const after = await createWorld({ clock: systemClock, journal });
  const records: number[] = [];
  const up = await after.run(
    {
      async deliver(batch: Batch<number>) {
        records.push(...batch.records);
        return delivered();
      },
    },
    { limits: { events: 3, every: 50 } },
  );
  await until(() => up.loop.accounts().pending === 0);
  expect(records).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]);
  expect(up.identity()).toBe(0);
  await up.loop.stop(AbortSignal.timeout(5000));
  await journal.close();
});
