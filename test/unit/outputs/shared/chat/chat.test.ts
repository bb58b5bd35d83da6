import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fieldFacts,
  fitMessage,
  headFacts,
  isCut,
  type Room,
  shorten,
  tagFacts,
  utcTime,
} from '../../../../../outputs/shared/chat/index.ts';
import { eventOf } from '../../support.ts';

describe('the facts of an event', () => {
  it('are what every event has, its tags and its fields', () => {
    const event = eventOf({ tags: ['b', 'a'], fields: { z: 'last', a: 'first', n: 7, gone: null } });
    expect(headFacts(event)).toEqual([
      { name: 'rule', value: 'Test rule' },
      { name: 'priority', value: 'Warning' },
      { name: 'source', value: 'syscall' },
      { name: 'hostname', value: 'host-1' },
    ]);
    expect(tagFacts(event)).toEqual([{ name: 'tags', value: 'a, b' }]);
    expect(event.tags).toEqual(['b', 'a']);
    expect(fieldFacts(event, false).map(({ name }) => name)).toEqual(['a', 'z']);
    expect(fieldFacts(event, true)).toEqual([
      { name: 'a', value: 'first' },
      { name: 'n', value: '7' },
      { name: 'z', value: 'last' },
    ]);
  });

  it('leave out what is not there', () => {
    const event = eventOf({ source: '', hostname: '' });
    expect(headFacts(event).map(({ name }) => name)).toEqual(['rule', 'priority']);
    expect(tagFacts(event)).toEqual([]);
  });
});

describe('utcTime', () => {
  it.each([
    ['2019-05-17T15:31:56.746609046Z', '2019-05-17 15:31:56.746609046 +0000 UTC'],
    ['2026-01-02T05:04:05.120+02:00', '2026-01-02 03:04:05.12 +0000 UTC'],
    ['2026-01-02T03:04:05Z', '2026-01-02 03:04:05 +0000 UTC'],
  ])('writes %s as Falcosidekick does', (timeText, text) => {
    expect(utcTime(eventOf({ timeText, time: Date.parse(timeText) }))).toBe(text);
  });
});

describe('fitMessage', () => {
  const rooms: Room[] = [];
  const sized = (bytes: (room: Room) => number) => (room: Room) => {
    rooms.push(room);
    return 'x'.repeat(bytes(room));
  };

  it('cuts nothing where the whole fits', () => {
    rooms.length = 0;
    expect(
      fitMessage(
        sized(() => 100),
        100,
      ),
    ).toHaveLength(100);
    expect(rooms.map(isCut)).toEqual([false]);
  });

  it('shows the most that fits, by bytes', () => {
    rooms.length = 0;
    fitMessage((room) => {
      rooms.push(room);
      return '€'.repeat(Math.min(room.text, 5_000));
    }, 4_000);
    expect(rooms.map(({ text }) => text)).toEqual([Number.POSITIVE_INFINITY, 4_000, 1_000]);
    expect(rooms.map(isCut)).toEqual([false, true, true]);
  });

  it('ends with the smallest', () => {
    expect(
      fitMessage(
        sized(() => 100),
        10,
      ),
    ).toHaveLength(100);
  });
});

describe('shorten', () => {
  const room = (text: number): Room => ({ text, facts: 1 });

  it('marks what it cuts, and leaves alone what fits', () => {
    expect(shorten('abc', room(3))).toBe('abc');
    expect(shorten('abcd', room(3))).toBe('abc… (cut)');
    expect(shorten('😀😀', room(2))).toBe('😀😀');
    expect(shorten('😀😀😀', room(2))).toBe('😀😀… (cut)');
  });

  it('splits no character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, length) => {
        const short = shorten(text, room(length));
        expect(Buffer.from(short).toString()).toBe(short);
        expect(text.startsWith(short.replace(/… \(cut\)$/, ''))).toBe(true);
      }),
    );
  });
});
