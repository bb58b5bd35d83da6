import { expect, it } from 'vitest';
import { Problem } from '../../../../core/http/problem.ts';
import { createRefusalLog, MOST_SENDERS } from '../../../../core/http/refusal-log.ts';
import type { RefusalReason } from '../../../../core/telemetry/observer.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { recordingLogger } from '../../outputs/support.ts';

const MINUTE = 60_000;

function refused(reason: RefusalReason, events = 1): Problem {
  const details = { code: 'bad_request', reason: `why ${reason}`, hint: 'do this' } as const;
  return new Problem(400, details, {}, { reason, events });
}

function start() {
  const clock = createFakeClock();
  const log = recordingLogger();
  const counts: Partial<Record<RefusalReason, number>> = {};
  const count = (reason: RefusalReason, events: number) => {
    counts[reason] = (counts[reason] ?? 0) + events;
  };
  return { clock, log, counts, note: createRefusalLog({ count, log, clock }) };
}

it('logs the first refusal of a sender and reason with what to do, and counts each', () => {
  const { log, counts, note } = start();
  note(refused('invalid'), '10.0.0.1');
  note(refused('invalid', 5), '10.0.0.1');
  note(refused('unauthorized'), '10.0.0.1');
  note(refused('invalid'), undefined);
  expect(log.lines).toEqual([
    {
      level: 'warn',
      details: { client: '10.0.0.1', reason: 'invalid', events: 1, why: 'why invalid' },
      message: 'events were refused: do this',
    },
    expect.objectContaining({
      details: expect.objectContaining({ client: '10.0.0.1', reason: 'unauthorized' }),
    }),
    expect.objectContaining({ details: expect.objectContaining({ client: 'unknown', reason: 'invalid' }) }),
  ]);
  expect(counts).toEqual({ invalid: 7, unauthorized: 1 });
});

it('passes over what refuses no event', () => {
  const { log, counts, note } = start();
  note(new Problem(404, { code: 'not_found', reason: 'nothing' }), '10.0.0.1');
  expect([log.lines, counts]).toEqual([[], {}]);
});

it('logs one line a minute with the count while it goes on, and begins again after a minute without', async () => {
  const { clock, log, note } = start();
  note(refused('invalid'), 'a');
  for (let i = 0; i < 3; i++) note(refused('invalid', 2), 'a');
  await clock.advance(MINUTE - 1);
  expect(log.lines).toHaveLength(1);
  await clock.advance(1);
  expect(log.lines[1]).toEqual({
    level: 'warn',
    details: { client: 'a', reason: 'invalid', events: 6 },
    message: '6 more events were refused in the last minute',
  });
  note(refused('invalid'), 'a');
  await clock.advance(MINUTE);
  expect(log.lines[2]!.details).toMatchObject({ events: 1 });
  await clock.advance(10 * MINUTE);
  expect(log.lines).toHaveLength(3);
  expect(clock.sleepers()).toBe(0);
  note(refused('invalid'), 'a');
  expect(log.lines[3]!.message).toBe('events were refused: do this');
});

it('remembers no more senders than it may: the others share a line', async () => {
  const { clock, log, counts, note } = start();
  for (let i = 0; i < MOST_SENDERS - 1; i++) note(refused('invalid'), `10.0.0.${i}`);
  for (const client of ['last', 'x', 'y', 'z', 'x']) note(refused('invalid'), client);
  for (const client of ['last', 'x']) note(refused('full'), client);
  const clients = log.lines.slice(MOST_SENDERS - 1).map(({ details }) => [details.client, details.reason]);
  expect(clients).toEqual([
    ['last', 'invalid'],
    ['other clients', 'invalid'],
    ['other clients', 'full'],
  ]);
  await clock.advance(MINUTE);
  expect(log.lines.slice(MOST_SENDERS + 2).map(({ details }) => details)).toEqual([
    { client: 'other clients', reason: 'invalid', events: 3 },
    { client: 'other clients', reason: 'full', events: 1 },
  ]);
  expect(counts).toEqual({ invalid: MOST_SENDERS + 4, full: 2 });
});
