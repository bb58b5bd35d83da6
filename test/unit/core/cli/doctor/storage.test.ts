import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkStorage } from '../../../../../core/cli/doctor/storage.ts';
import { encodeHeader } from '../../../../../core/journal/segments/codec.ts';
import { openJournals } from '../../../../../core/journals.ts';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';
import type { Finding } from '../../../../../core/sdk/index.ts';
import { recordingLogger } from '../../../outputs/support.ts';

const SIZES = { max_size: 1024 * 1024, segment_size: 64 * 1024 };
const asRoot = process.geteuid?.() === 0;

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tiercel-storage-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const settings = (path: string, more: object = {}) => ({
  journal: { type: 'disk', path, durability: 'sync', group_access: false, ...SIZES, ...more } as const,
  dead_letters: { max_size: SIZES.max_size },
});

async function check(
  path: string,
  {
    isHeld = false,
    now = Date.now(),
    ...more
  }: { isHeld?: boolean; now?: number; [setting: string]: unknown } = {},
) {
  const found: Finding[] = [];
  for await (const finding of checkStorage(settings(path, more), { isHeld, now })) found.push(finding);
  // The file system of the tests may be one that is warned of.
  return found
    .filter(({ what }) => what !== 'file system')
    .map(({ status, what, line }) => `${status} ${what}: ${line.replaceAll(path, 'PATH')}`);
}

/** A journal that was used and closed. */
async function journalAt(path: string): Promise<void> {
  const journals = await openJournals(settings(path), { clock: systemClock, log: recordingLogger() });
  await journals.journal.append([{ raw: Buffer.from('{}'), receivedAt: Date.now(), outputs: ['a'] }]);
  await journals.close();
}

describe('the storage', () => {
  it('is fine before the first start, and nothing is made', async () => {
    const path = join(folder(), 'state', 'deep');
    const found = await check(path);
    expect(found[0]).toMatch(/^ok directory: PATH will be made in \//);
    expect(found[1]).toMatch(/^ok disk space: .* free on .*; journal and dead letters may take 2MiB more$/);
    expect(found).toHaveLength(2);
    expect(readdirSync(join(path, '..', '..'))).toEqual([]);
  });

  it('is fine with a journal in it', async () => {
    const path = folder();
    await journalAt(path);
    const found = await check(path);
    expect(found.map((line) => line.split(':')[0])).toEqual([
      'ok directory',
      'ok journal',
      'ok dead letters',
      'ok disk space',
    ]);
    expect(found[1]).toMatch(/\d+B of 1MiB in 1 segment$/);
  });

  it('cannot be below a file, or a file', async () => {
    const dir = folder();
    const file = join(dir, 'a-file');
    writeFileSync(file, '');
    expect(await check(join(file, 'below', 'it'))).toEqual([
      `failed directory: PATH cannot be made: ${file} is a file; set journal.path to another place`,
    ]);
    expect(await check(file)).toEqual(['failed directory: PATH is a file: set journal.path to a directory']);
    mkdirSync(join(dir, 'state'));
    writeFileSync(join(dir, 'state', 'journal'), '');
    writeFileSync(join(dir, 'state', 'outputs'), '');
    const found = await check(join(dir, 'state'));
    expect(found.slice(1, 3)).toEqual([
      'failed state of outputs: PATH/outputs is a file: remove it',
      'failed journal: PATH/journal is a file: remove it',
    ]);
  });

  it.skipIf(asRoot)('cannot be where this user may not write', async () => {
    const dir = folder();
    chmodSync(dir, 0o500);
    const [line] = await check(join(dir, 'state'));
    expect(line).toMatch(
      /^failed directory: PATH cannot be made: .* cannot be written to: check its permissions$/,
    );
  });

  it('tells damaged headers, and what was set aside', async () => {
    const path = folder();
    await journalAt(path);
    const [segment] = readdirSync(join(path, 'journal')).filter((name) => name.endsWith('.segment'));
    const damage = (name: string) => writeFileSync(join(path, 'journal', name), Buffer.alloc(256, 7));
    damage(segment!);
    mkdirSync(join(path, 'journal', 'corrupt'), { recursive: true });
    writeFileSync(join(path, 'journal', 'corrupt', 'a'), '');
    let found = await check(path);
    expect(found[1]).toMatch(/^failed journal: .* 1 damaged file header: tiercel journal check tells/);
    expect(found[2]).toMatch(/^warning journal: 1 damaged file in .*tiercel journal salvage/);
    damage('epoch');
    found = await check(path);
    expect(found[1]).toMatch(/2 damaged file headers/);
  });

  it('tells a journal of a later release, and a clock that was set back', async () => {
    const path = folder();
    await journalAt(path);
    const number = 99;
    const header = {
      number,
      first: 2,
      previous: 1,
      epoch: crypto.randomUUID(),
      createdAt: Date.now(),
      nonce: 1,
    };
    const name = join(path, 'journal', '000000000099.segment');
    writeFileSync(name, encodeHeader({ ...header, createdAt: Date.now() + 7_200_000 }));
    expect((await check(path)).find((line) => line.includes('clock'))).toMatch(
      /^warning clock: the newest segment was begun (2h|1h59m) from now: the clock of this machine was set back$/,
    );
  });

  it('says that a process holds the journal and does not answer', async () => {
    const path = folder();
    const journals = await openJournals(settings(path), { clock: systemClock, log: recordingLogger() });
    try {
      const held = (await check(path)).find((line) => line.includes('lock'));
      expect(held).toMatch(
        new RegExp(`^not_checked lock: process ${process.pid} on .* writes the journal, and does not answer`),
      );
      expect((await check(path, { isHeld: true })).some((line) => line.includes('lock'))).toBe(false);
    } finally {
      await journals.close();
    }
    expect((await check(path)).some((line) => line.includes('lock'))).toBe(false);
    // A crash leaves the lease behind: what nobody touches is nobody's.
    const lease = join(path, 'journal', 'lock');
    writeFileSync(lease, '{"token":"t","pid":1,"host":"h"}\n');
    utimesSync(lease, new Date(0), new Date(0));
    expect((await check(path)).some((line) => line.includes('lock'))).toBe(false);
  });

  it('fails without room for a segment, and warns where the budget does not fit', async () => {
    const path = folder();
    const huge = 2 ** 60;
    const all = await check(path, { max_size: huge });
    expect(all.at(-1)).toMatch(/^warning disk space: .* free on .* may fill up first; make room, or lower/);
    const none = await check(path, { max_size: huge, segment_size: huge });
    expect(none.at(-1)).toMatch(/^failed disk space: .* less than one segment \(1024PiB|.*\): make room$/);
  });

  it('is a warning in memory', async () => {
    expect(await check('/nowhere', { type: 'memory' })).toEqual([
      'warning journal: journal.type is memory: events do not survive a restart',
    ]);
  });
});
