import { describe, expect, it } from 'vitest';
import { type Mapped, mapEvent } from '../../../../../core/sdk/index.ts';
import { decodeEvent, markedEvents } from '../../../../../core/testing/index.ts';

const [marked] = markedEvents(1);
const event = decodeEvent(marked!.raw, 0);
const mapped = (map: () => unknown) => mapEvent({ map: map as () => Mapped<unknown> }, event);

describe('mapEvent', () => {
  it('passes on what the mapper returns', () => {
    expect(mapEvent({ map: ({ rule }) => ({ ok: true, record: rule }) }, event)).toEqual({
      ok: true,
      record: marked!.mark,
    });
    expect(mapped(() => ({ ok: false, reason: 'no host' }))).toEqual({ ok: false, reason: 'no host' });
  });

  const neither = 'the mapper returned neither { ok: true, record } nor { ok: false, reason }';
  it.each<[string, () => unknown, string]>([
    ['throws', () => JSON.parse('{'), 'the mapper failed: '],
    [
      'throws a text',
      () => {
        throw 'odd';
      },
      'the mapper failed: odd',
    ],
    ['returns nothing', () => undefined, neither],
    [
      'returns a promise',
      async () => ({ ok: true, record: 1 }),
      'returned a promise; map must be synchronous',
    ],
    ['returns a promise that fails later', () => Promise.reject(new Error('late')), 'returned a promise'],
    ['returns no record', () => ({ ok: true }), 'the mapper returned { ok: true } without a record'],
    ['refuses with an object', () => ({ ok: false, reason: { code: 7 } }), '{"code":7}'],
    ['returns the record itself', () => ({ rule: 'x' }), neither],
    ['refuses without a reason', () => ({ ok: false }), 'the mapper gave no reason'],
  ])('refuses the event when the mapper %s', (_, map, reason) => {
    expect(mapped(map)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
  });

  it('names the mapper where it is known', () => {
    const fail = () => {
      throw new Error('odd');
    };
    expect(mapEvent({ map: fail }, event, './rows.js')).toEqual({
      ok: false,
      reason: 'the mapper ./rows.js failed: odd',
    });
  });
});
