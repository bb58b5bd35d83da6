import fc from 'fast-check';
import { expect, it } from 'vitest';
import { filterQuery, parseFilter } from '../../../../core/operations/filter.ts';

it('a filter comes back from a URL as it went in', () => {
  const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });
  const filter = fc.record(
    {
      output: fc.string({ unit: 'grapheme', minLength: 1 }),
      reason: fc.string({ unit: 'grapheme', minLength: 1 }),
      since: moment,
      until: moment,
      ids: fc.array(fc.integer({ min: 1, max: 2 ** 49 }), { minLength: 1, maxLength: 5 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(filter, (asked) => {
      const query = new URLSearchParams(filterQuery(asked));
      const { output, reason, since, until } = Object.fromEntries(query);
      const parsed = parseFilter({ output, reason, since, until, id: query.getAll('id') }, 0);
      expect(parsed).toEqual({ ok: true, value: asked });
    }),
    {
      examples: [
        [{}],
        [{ since: 0, until: 0 }],
        [{ output: '&=+%20 #', reason: ' ' }],
        [{ ids: [1, 2 ** 32, 2 ** 49] }],
      ],
    },
  );
});

it.each([
  [{ since: 'then' }, 'since is neither'],
  [{ until: '5' }, 'until is neither'],
  [{ id: ['1', 'x'] }, 'id "x" is not the number of a dead letter'],
  [{ id: ['0'] }, 'id "0"'],
  [{ id: ['01'] }, 'id "01"'],
  [{ id: ['-1'] }, 'id "-1"'],
  [{ id: ['1.0'] }, 'id "1.0"'],
  [{ id: ['12345678901234567'] }, 'id "12345678901234567"'],
])('%j is refused', (texts, reason) => {
  expect(parseFilter(texts, 0)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
});

it('reads what is given, and durations from now', () => {
  const now = Date.UTC(2026, 6, 10, 12);
  const texts = {
    output: 'lake',
    reason: 'bad',
    since: '2h',
    until: '2026-07-10',
    id: ['7', '1234567890123456'],
  };
  expect(parseFilter(texts, now)).toEqual({
    ok: true,
    value: {
      output: 'lake',
      reason: 'bad',
      since: now - 7_200_000,
      until: Date.UTC(2026, 6, 10),
      ids: [7, 1_234_567_890_123_456],
    },
  });
  expect(parseFilter({}, now)).toEqual({ ok: true, value: {} });
  expect(parseFilter({ id: [] }, now)).toEqual({ ok: true, value: {} });
  expect(filterQuery({})).toBe('');
});
