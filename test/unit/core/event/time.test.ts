import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nanosecondsOf, parseTime } from '../../../../core/event/time.ts';

describe('parseTime', () => {
  it.each([
    ['2026-07-11T09:44:58.682419669Z', '2026-07-11T09:44:58.682Z'],
    ['2021-01-11T23:46:19.82302759Z', '2021-01-11T23:46:19.823Z'],
    ['2001-01-01T01:10:00Z', '2001-01-01T01:10:00.000Z'],
    ['2020-03-03T17:50:03.391768+00:00', '2020-03-03T17:50:03.391Z'],
    ['2026-07-11T00:30:00.9999999999+02:00', '2026-07-10T22:30:00.999Z'],
    ['2026-07-10T22:30:00-0330', '2026-07-11T02:00:00.000Z'],
    ['2026-07-11 09:44:58z', '2026-07-11T09:44:58.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['1969-12-31T23:59:59.999999999Z', '1969-12-31T23:59:59.999Z'],
  ])('reads %s', (text, expected) => {
    expect(parseTime(text)).toEqual({ text, milliseconds: new Date(expected).getTime() });
  });

  it.each([
    '',
    'now',
    '2026-07-11',
    '2026-07-11T09:44:58',
    '2026-07-11T09:44:58.Z',
    '2026-07-11T09:44:58.12345678xZ',
    '2026-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-32T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00Z+2',
    '+2026-01-01T00:00:00Z',
    { seconds: 1.5 },
    { seconds: 1, nanos: -1 },
    { seconds: 1, nanos: 1_000_000_000 },
    { seconds: 1, nanos: 0.5 },
    { seconds: 1e15 },
    { seconds: 253_402_300_800 },
    { seconds: -62_167_219_201 },
    '2026-01-01T23:59:61Z',
    {},
    [],
    null,
    undefined,
    true,
  ])('refuses %j', (value) => {
    expect(parseTime(value)).toBeUndefined();
  });

  it.each([
    [{ seconds: 0, nanos: 999_999_999 }, '1970-01-01T00:00:00.999999999Z', 999],
    [{ seconds: -1, nanos: 999_999_999 }, '1969-12-31T23:59:59.999999999Z', -1],
    [{ seconds: 253_402_300_799 }, '9999-12-31T23:59:59.000000000Z', 253_402_300_799_000],
    [{ seconds: -62_167_219_200 }, '0000-01-01T00:00:00.000000000Z', -62_167_219_200_000],
  ])('reads the timestamp %j to its last nanosecond', (value, text, milliseconds) => {
    expect(parseTime(value)).toEqual({ text, milliseconds });
  });

  it('agrees with the platform, and prints the text of a timestamp', () => {
    const instant = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') });
    fc.assert(
      fc.property(instant, (date) => {
        if (Number.isNaN(date.getTime())) return;
        expect(parseTime(date.toISOString())?.milliseconds).toBe(date.getTime());
        const seconds = Math.floor(date.getTime() / 1000);
        const read = parseTime({ seconds, nanos: 7_000_009 });
        expect(parseTime(read?.text)?.milliseconds).toBe(seconds * 1000 + 7);
        expect(read?.milliseconds).toBe(seconds * 1000 + 7);
      }),
      {
        examples: [
          '0000-01-01T00:00:00.000Z',
          '0000-02-29T23:59:59.999Z',
          '1969-12-31T23:59:59.999Z',
          '1970-01-01T00:00:00.000Z',
          '2000-02-29T00:00:00.000Z',
          '2100-02-28T23:59:59.999Z',
          '9999-12-31T23:59:59.999Z',
        ].map((text): [Date] => [new Date(text)]),
      },
    );
  });
});

describe('nanosecondsOf', () => {
  it.each([
    ['2019-05-17T15:31:56.746609046Z', 1558107116746609046n],
    ['2026-07-11T09:44:58.682419669+02:00', 1783755898682419669n],
    ['2001-01-01T01:10:00Z', 978311400000000000n],
    ['2001-01-01T01:10:00.1Z', 978311400100000000n],
    ['2001-01-01T01:10:00.000001Z', 978311400000001000n],
    ['2001-01-01T01:10:00.1234567899Z', 978311400123456789n],
    ['1969-12-31T23:59:59.999999999Z', -1n],
  ])('of %s is %s', (timeText, nanoseconds) => {
    expect(nanosecondsOf({ time: parseTime(timeText)!.milliseconds, timeText })).toBe(nanoseconds);
  });

  it('keeps the order of times, and every digit', () => {
    const time = fc.tuple(
      fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
      fc.nat(999_999),
    );
    fc.assert(
      fc.property(time, ([date, below]) => {
        const timeText = date.toISOString().replace('Z', `${String(below).padStart(6, '0')}Z`);
        const nanoseconds = nanosecondsOf({ time: date.getTime(), timeText });
        expect(nanoseconds).toBe(BigInt(date.getTime()) * 1_000_000n + BigInt(below));
      }),
    );
  });
});
