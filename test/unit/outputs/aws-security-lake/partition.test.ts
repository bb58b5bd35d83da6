import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../../core/event/parse.ts';
import {
  accountOf,
  daysLate,
  keyFolder,
  objectKey,
  parsePartition,
  partitionOf,
} from '../../../../outputs/aws-security-lake/partition.ts';
import { eventText } from '../streams.ts';
import { eventOf } from '../support.ts';

const options = { account_id: '123456789012', max_future: 600_000 };
const place = { prefix: 'ext/falco/1.0', region: 'eu-west-1' };
const fields = (value: Record<string, string>) => Object.assign(Object.create(null), value);

/** Any instant of the years 1 to 9999, and often one beside midnight. */
const instants = fc.oneof(
  fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) }),
  fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
  fc
    .tuple(fc.integer({ min: 10_000, max: 40_000 }), fc.integer({ min: -2, max: 2 }))
    .map(([day, offset]) => day * 86_400_000 + offset),
);

describe('partitionOf', () => {
  it('is the account and the UTC day of the event, at whatever time it comes', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: -600_000, max: 10 ** 12 }), (time, delay) => {
        const partition = partitionOf(eventOf({ time, receivedAt: time + delay }), options);
        expect(typeof partition).toBe('string');
        const { account, day } = parsePartition(partition as string);
        expect(account).toBe('123456789012');
        expect(day).toMatch(/^\d{8}$/);
        const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`);
        expect(time).toBeGreaterThanOrEqual(start);
        expect(time).toBeLessThan(start + 86_400_000);
      }),
      {
        examples: [-62_135_596_800_000, -1, 0, 86_399_999, 86_400_000, 253_402_300_799_999].flatMap((time) =>
          [-600_000, 0].map((delay): [number, number] => [time, delay]),
        ),
      },
    );
  });

  it('is the UTC day, whatever offset the time was written with', () => {
    const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 });
    const recent = fc.oneof(
      fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2030, 0, 1) }),
      // A few milliseconds around a midnight, where an offset changes the day that is written.
      fc
        .tuple(fc.integer({ min: 18_300, max: 21_900 }), fc.integer({ min: -3, max: 3 }))
        .map(([day, near]) => day * 86_400_000 + near),
    );
    fc.assert(
      fc.property(recent, offsets, fc.integer({ min: 0, max: 999_999 }), (time, offset, nanos) => {
        const wall = new Date(time + offset * 60_000).toISOString().slice(0, -1);
        const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const two = (n: number) => String(n).padStart(2, '0');
        const zone = `${offset < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
        const written = `${wall}${String(nanos).padStart(6, '0')}${zone}`;
        const parsed = parseEvent(Buffer.from(eventText(time, { time: written })), time);
        if (!parsed.ok) throw new Error(`${written}: ${parsed.reason}`);
        const day = new Date(time).toISOString().slice(0, 10).replaceAll('-', '');
        expect(partitionOf(parsed.event, options)).toBe(`123456789012/${day}`);
      }),
      {
        examples: [-1, 0, 1].flatMap((near) =>
          [-14 * 60, -1, 0, 1, 14 * 60].map((offset): [number, number, number] => [
            Date.UTC(2026, 2, 1) + near,
            offset,
            999_999,
          ]),
        ),
      },
    );
  });

  it('has a day for what is late and for what is at most max_future ahead, and for nothing beyond', () => {
    const maxFuture = fc.integer({ min: 0, max: 86_400_000 });
    const skew = fc.oneof(
      fc.integer({ min: -400 * 86_400_000, max: 0 }),
      fc.integer({ min: 0, max: 2 * 86_400_000 }),
    );
    fc.assert(
      fc.property(instants, skew, maxFuture, (receivedAt, ahead, max_future) => {
        const time = receivedAt + ahead;
        fc.pre(time >= -62_135_596_800_000 && time <= 253_402_300_799_999);
        const partition = partitionOf(eventOf({ time, receivedAt }), { ...options, max_future });
        expect(typeof partition).toBe(ahead <= max_future ? 'string' : 'object');
      }),
      {
        examples: [0, 1, 600_000].flatMap((max_future) =>
          [-1, 0, 1].map((over): [number, number, number] => [0, max_future + over, max_future]),
        ),
      },
    );
  });

  it('sets aside what is from the future, and only that', () => {
    const receivedAt = Date.UTC(2026, 0, 2, 23, 55);
    expect(partitionOf(eventOf({ receivedAt, time: receivedAt + 600_000 }), options)).toBe(
      '123456789012/20260103',
    );
    expect(partitionOf(eventOf({ receivedAt, time: receivedAt + 600_001 }), options)).toEqual({
      reject: expect.stringMatching(/600 s ahead .* clock of host-1/),
    });
  });

  it('takes the account from a field, where it has one', () => {
    const from = { ...options, account_id_from: 'aws.account' };
    const of = (value: Record<string, string>) => partitionOf(eventOf({ fields: fields(value) }), from);
    expect(of({ 'aws.account': '000000000042' })).toBe('000000000042/20260102');
    expect(of({ 'aws.account': 'external_gcp-project' })).toBe('external_gcp-project/20260102');
    expect(of({ 'aws.account': '<NA>' })).toBe('123456789012/20260102');
    expect(of({ 'aws.account': 'N/A' })).toBe('123456789012/20260102');
    expect(of({})).toBe('123456789012/20260102');
    expect(of({ 'aws.account': 'prod/../x' })).toEqual({ reject: expect.stringContaining('aws.account is') });
  });
});

describe('accountOf', () => {
  it('never lets anything but an account through', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), (value) => {
        const account = accountOf(value, 'external');
        if (account !== undefined) expect(account).toMatch(/^(\d{12}|external(_[\w.-]{1,64})?)$/);
      }),
      {
        examples: [11, 12, 13]
          .map((length): [string | number] => ['1'.repeat(length)])
          .concat([0, 1, 64, 65].map((length) => [`external_${'x'.repeat(length)}`]))
          .concat([['external'], [''], [123_456_789_012], [0], ['123456789012\n']]),
      },
    );
  });
});

describe('objectKey', () => {
  it('is the layout of Security Lake, for any event', () => {
    fc.assert(
      fc.property(instants, fc.stringMatching(/^[0-9a-z][0-9a-z-]{0,60}$/), (time, name) => {
        const partition = partitionOf(eventOf({ time, receivedAt: time }), options) as string;
        const key = objectKey(keyFolder(place, parsePartition(partition)), name);
        expect(key).toMatch(
          /^ext\/falco\/1\.0\/region=eu-west-1\/accountId=123456789012\/eventDay=\d{8}\/[0-9a-z][0-9a-z-]*\.parquet$/,
        );
        expect(objectKey(keyFolder(place, parsePartition(partition)), name)).toBe(key);
      }),
      {
        examples: [
          [-62_135_596_800_000, '0'],
          [253_402_300_799_999, 'z'.repeat(61)],
        ],
      },
    );
  });
});

describe('daysLate', () => {
  it('counts whole UTC days', () => {
    const now = Date.UTC(2026, 0, 2, 0, 0, 1);
    expect(daysLate('20260102', now)).toBe(0);
    expect(daysLate('20260103', now)).toBe(0);
    expect(daysLate('20260101', now)).toBe(1);
    expect(daysLate('20251226', now)).toBe(7);
  });
});
