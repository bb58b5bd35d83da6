import { describe, expect, it } from 'vitest';
import { parseTimeFilter } from '../../../../core/operations/filter.ts';

const NOW = Date.UTC(2026, 6, 10, 12);

describe('a moment', () => {
  it.each([
    ['2h', NOW - 7_200_000],
    ['1h30m', NOW - 5_400_000],
    ['0s', NOW],
    ['2026-07-10', Date.UTC(2026, 6, 10)],
    ['2026-07-10T06:00:00Z', Date.UTC(2026, 6, 10, 6)],
    ['2026-07-10T06:00', Date.UTC(2026, 6, 10, 6)],
    ['2026-07-10T06:00:00.5+02:00', Date.UTC(2026, 6, 10, 4, 0, 0, 500)],
  ])('%s', (text, value) => {
    expect(parseTimeFilter(text, NOW)).toEqual({ ok: true, value });
  });

  it.each(['', 'yesterday', '2', '2 h', '-2h', '2026-13-40', '10/07/2026', '2026-07-10T06'])(
    'is not %j',
    (text) => {
      expect(parseTimeFilter(text, NOW)).toEqual({
        ok: false,
        reason: expect.stringContaining('neither a duration'),
      });
    },
  );
});
