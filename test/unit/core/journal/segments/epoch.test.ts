import { expect, test } from 'vitest';
import { codeOf } from '../../../../../core/journal/files/filesystem.ts';
import { keepEpoch, readEpoch } from '../../../../../core/journal/segments/epoch.ts';
import { createFakeMachine } from '../../../../model/fake-file-system.ts';
import { silent } from '../fixtures.ts';

/** A full disk; what {@link keepEpoch} logs of the errors it meets. */
function fullDisk(reserve: number) {
  const machine = createFakeMachine();
  if (reserve > 0) machine.put('/reserve', new Uint8Array(reserve));
  machine.faults.capacity = reserve;
  const fs = machine.mount();
  const codes: string[] = [];
  const warn = (details: object | string) => void codes.push(codeOf((details as { error?: unknown }).error));
  return { fs, codes, keep: () => keepEpoch(fs, '/', 'e', undefined, { ...silent, warn }) };
}

test('on a full disk the epoch takes the space of the reserve', async () => {
  const { fs, codes, keep } = fullDisk(1000);
  await keep();
  expect(codes).toEqual([]);
  expect(await readEpoch(fs, '/')).toMatchObject({ epoch: 'e' });
});

test('without a reserve, or with one too small, the log names the full disk', async () => {
  for (const reserve of [0, 10]) {
    const { codes, keep } = fullDisk(reserve);
    await keep();
    expect(codes).toEqual(['ENOSPC']);
  }
});
