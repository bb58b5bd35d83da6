import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { watchFiles } from '../../../../core/cli/watch.ts';
import { until } from '../../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'tiercel-watch-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

it('notices a write, a file put in its place, a link turned, one that goes and one that comes', async () => {
  writeFileSync(at('plain'), '1');
  writeFileSync(at('v1'), 'one');
  writeFileSync(at('v2'), 'two');
  symlinkSync(at('v1'), at('link'));
  let changes = 0;
  let looks = 0;
  const files = () => {
    looks++;
    return [at('plain'), at('link'), at('absent')];
  };
  const stop = watchFiles(files, () => changes++, 5);
  const noticed = async (count: number) => {
    await until(`change ${count}`, () => changes === count, { interval: 2 });
    const now = looks;
    await until('three more looks', () => looks > now + 3, { interval: 2 });
    expect(changes).toBe(count);
  };
  try {
    await until('a first look', () => looks > 2, { interval: 2 });
    writeFileSync(at('plain'), '22');
    await noticed(1);
    writeFileSync(at('fresh'), '33');
    renameSync(at('fresh'), at('plain'));
    await noticed(2);
    symlinkSync(at('v2'), at('turned'));
    renameSync(at('turned'), at('link'));
    await noticed(3);
    writeFileSync(at('absent'), 'there');
    await noticed(4);
    rmSync(at('absent'));
    await noticed(5);
  } finally {
    stop();
  }
});
