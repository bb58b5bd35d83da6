import { describe, expect, it } from 'vitest';
import type { StoredDeadLetter } from '../../../../core/dead-letters/store.ts';
import { detailsOf, summaryOf } from '../../../../core/operations/report.ts';
import { rawEvent } from '../../../support/events.ts';

const letter = (members: Partial<StoredDeadLetter> = {}): StoredDeadLetter => ({
  id: 7,
  output: 'lake',
  cause: 'rejected',
  reason: 'too long',
  raw: rawEvent(1),
  receivedAt: Date.UTC(2026, 0, 1),
  firstAttempt: Date.UTC(2026, 0, 2),
  lastAttempt: Date.UTC(2026, 0, 3),
  attempts: 4,
  ...members,
});
const SUMMARY = {
  id: 7,
  output: 'lake',
  cause: 'rejected',
  reason: 'too long',
  attempts: 4,
  received_at: '2026-01-01T00:00:00.000Z',
  first_attempt: '2026-01-02T00:00:00.000Z',
  last_attempt: '2026-01-03T00:00:00.000Z',
};

describe('a dead letter as operators see it', () => {
  it('has its rule and size, and its event when asked for whole', () => {
    const raw = rawEvent(1);
    const summary = { ...SUMMARY, rule: 'rule 1', bytes: raw.length };
    expect(summaryOf(letter())).toEqual(summary);
    expect(detailsOf(letter())).toEqual({ ...summary, event: Buffer.from(raw).toString() });
  });

  it('has no rule where the bytes are no event, and their base64 where they are no text', () => {
    expect(detailsOf(letter({ raw: Buffer.from('no event') }))).toEqual({
      ...SUMMARY,
      bytes: 8,
      event: 'no event',
    });
    const raw = Uint8Array.of(0x61, 0xff, 0x62);
    expect(detailsOf(letter({ raw }))).toEqual({
      ...SUMMARY,
      bytes: 3,
      event: 'a\ufffdb',
      event_base64: Buffer.from(raw).toString('base64'),
    });
  });

  it('has neither event nor rule where the bytes were lost', () => {
    const lost = letter({ raw: new Uint8Array() });
    expect(summaryOf(lost)).toEqual({ ...SUMMARY, bytes: 0 });
    expect(detailsOf(lost)).toEqual({ ...SUMMARY, bytes: 0 });
  });
});
