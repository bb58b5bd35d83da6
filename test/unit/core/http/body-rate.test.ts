import { expect, it } from 'vitest';
import { type CheckedBody, createBodyRateCheck, MIN_BYTES } from '../../../../core/http/body-rate.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

const SECOND = 1000;

function start() {
  const clock = createFakeClock();
  const rateCheck = createBodyRateCheck(clock);
  const slow: string[] = [];
  const begin = (name: string): CheckedBody => {
    const body: CheckedBody = {
      bytes: 0,
      paused: false,
      sweeps: 0,
      marks: undefined,
      slow: (reason) => void slow.push(`${name}: ${reason}`),
    };
    rateCheck.begin(body);
    return body;
  };
  /** A second each, in which that many bytes come in. */
  const seconds = async (count: number, body: CheckedBody, bytes: number) => {
    for (let i = 0; i < count; i++) {
      body.bytes += bytes;
      await clock.advance(SECOND);
    }
  };
  return { clock, rateCheck, slow, begin, seconds };
}

it('calls a body slow that comes in at less than 1 KiB/s over any ten seconds', async () => {
  const { slow, begin, seconds } = start();
  const body = begin('a');
  await seconds(20, body, MIN_BYTES / 10);
  expect(slow).toEqual([]);
  await seconds(1, body, MIN_BYTES / 10 - 1);
  expect(slow).toEqual(['a: the body came in at less than 1024 bytes a second for 10 s']);
  await seconds(20, body, 0);
  expect(slow).toHaveLength(1);
});

it('does not average over more than ten seconds: what came quickly before does not help', async () => {
  const { slow, begin, seconds } = start();
  const body = begin('a');
  await seconds(1, body, 8 << 20);
  await seconds(9, body, 0);
  expect(slow).toEqual([]);
  await seconds(1, body, 0);
  expect(slow).toHaveLength(1);
});

it('gives a whole body a minute', async () => {
  const { slow, begin, seconds } = start();
  const body = begin('a');
  await seconds(60, body, 1 << 20);
  expect(slow).toEqual([]);
  await seconds(1, body, 1 << 20);
  expect(slow).toEqual(['a: the body was not sent within 60 s']);
});

it('does not count the time in which the reader has stopped', async () => {
  const { slow, begin, seconds } = start();
  const body = begin('a');
  await seconds(9, body, 0);
  body.paused = true;
  await seconds(300, body, 0);
  body.paused = false;
  await seconds(10, body, 0);
  expect(slow).toEqual([]);
  await seconds(1, body, 0);
  expect(slow).toHaveLength(1);
});

it('watches all bodies with one timer, and none when there is no body', async () => {
  const { clock, rateCheck, slow, begin } = start();
  const bodies = Array.from({ length: 1000 }, (_, i) => begin(`${i}`));
  expect(clock.sleepers()).toBe(1);
  for (const body of bodies.slice(2)) rateCheck.end(body);
  await clock.advance(11 * SECOND);
  expect(slow.map((line) => line.slice(0, 2))).toEqual(['0:', '1:']);
  expect(clock.sleepers()).toBe(0);
  begin('again');
  expect(clock.sleepers()).toBe(1);
});
