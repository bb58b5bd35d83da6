import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createFaults } from '../../../../core/delivery/faults.ts';
import { nobody } from '../../../support/batch-slices.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

function setUp() {
  const clock = createFakeClock();
  const lines: Record<string, unknown>[] = [];
  let counted = 0;
  const faults = createFaults({
    observer: { ...nobody, unhandledRejection: () => counted++ },
    clock,
    log: { error: (details: object | string) => void lines.push(details as Record<string, unknown>) },
  });
  return { clock, faults, lines, counted: () => counted };
}

describe('faults', () => {
  it('are counted and logged with the stack', () => {
    const { faults, lines, counted } = setUp();
    const error = new Error('no answer', {
      cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
    });
    faults.report(error);
    expect(counted()).toBe(1);
    expect(lines).toEqual([
      { reason: expect.stringContaining('ECONNREFUSED'), stack: error.stack, rejections: 1 },
    ]);
  });

  it('are logged at most once in ten seconds, with their number', async () => {
    const { clock, faults, lines, counted } = setUp();
    for (let n = 0; n < 100; n++) {
      faults.report(`rejection ${n}`);
      await clock.advance(250);
    }
    expect(counted()).toBe(100);
    expect(lines).toEqual([
      { reason: 'rejection 0', rejections: 1 },
      { reason: 'rejection 40', rejections: 40 },
      { reason: 'rejection 80', rejections: 40 },
    ]);
  });

  it('say little of an object, and take whatever was thrown', async () => {
    const { faults, lines, clock, counted } = setUp();
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get() {
        throw new Error('never');
      },
    });
    class Answer {
      authorization = 'Bearer secret';
      [inspect.custom] = () => this.authorization;
    }
    const revealing = [{ authorization: 'secret' }, new Answer(), ['secret'], new Map([['a', 'secret']])];
    for (const thrown of revealing) {
      await clock.advance(10_000);
      faults.report(thrown);
    }
    expect(lines.map(({ reason }) => reason)).toEqual(['[Object]', '[Answer]', '[Array]', '[Map]']);
    for (const thrown of [undefined, null, Object.create(null), Symbol('s'), 'x'.repeat(10_000), hostile]) {
      await clock.advance(10_000);
      faults.report(thrown);
    }
    expect(counted()).toBe(10);
    expect(Math.max(...lines.map(({ reason }) => (reason as string).length))).toBe(500);
  });

  it('reach the listener until its signal aborts, and the next gets the one that came between', () => {
    const { faults } = setUp();
    const heard: string[] = [];
    const first = new AbortController();
    faults.subscribe((reason) => heard.push(`first ${reason}`), first.signal);
    faults.report('a');
    first.abort();
    faults.report('b');
    faults.subscribe((reason) => heard.push(`second ${reason}`), new AbortController().signal);
    faults.subscribe((reason) => heard.push(`aborted ${reason}`), AbortSignal.abort());
    faults.report('c');
    const text = 'unhandled promise rejection in the code of the output:';
    expect(heard).toEqual([`first ${text} a`, `second ${text} b`, `second ${text} c`]);
  });
});
