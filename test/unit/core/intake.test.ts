import { describe, expect, it } from 'vitest';
import { tooManyWorkers, workersOf } from '../../../core/intake.ts';

describe('server.workers', () => {
  it.each([
    ['auto', 1, 1],
    ['auto', 2, 1],
    ['auto', 8, 7],
    [3, 1, 3],
  ] as const)('%s on %i cores: %i', (workers, cores, expected) => {
    expect(workersOf({ workers }, cores)).toBe(expected);
  });

  it('warns where the workers leave no core to the journal', () => {
    expect(tooManyWorkers(1, 1)).toBeUndefined();
    expect(tooManyWorkers(3, 4)).toBeUndefined();
    expect(tooManyWorkers(2, 2)).toMatch(/^server.workers: 2 on 2 cores .* auto leaves it a core$/);
  });
});
