import { describe, expect, it, vi } from 'vitest';
import stdout from '../../../outputs/stdout.ts';
import { expectHarmless, HOSTILE } from '../../support/hostile-text.ts';
import { batchOf, contextOf, jsonTextMapper, neverAborts } from './support.ts';

type Write = (text: string, done: (error?: Error) => void) => boolean;

async function deliverWith(write: Write, signal = neverAborts(), records = ['{"a":1}', '{"a":2}']) {
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation(write as typeof process.stdout.write);
  const delivery = stdout.create({}, contextOf(jsonTextMapper)).deliver(batchOf(records), signal);
  return delivery.finally(() => spy.mockRestore());
}

describe('stdout', () => {
  it('prints a line each and is delivered when they are taken', async () => {
    let text = '';
    const delivery = await deliverWith((chunk, done) => {
      text += chunk;
      queueMicrotask(done);
      return true;
    });
    expect(delivery).toEqual({ status: 'delivered' });
    expect(text).toBe('{"a":1}\n{"a":2}\n');
  });

  it.each([true, false])('prints what a terminal would obey as escapes, if it is one: %s', async (isTTY) => {
    const record = JSON.stringify({ rule: HOSTILE });
    const before = process.stdout.isTTY;
    process.stdout.isTTY = isTTY;
    let text = '';
    try {
      const write: Write = (chunk, done) => {
        text += chunk;
        queueMicrotask(done);
        return true;
      };
      await deliverWith(write, neverAborts(), [record]);
    } finally {
      process.stdout.isTTY = before;
    }
    expect(JSON.parse(text)).toEqual({ rule: HOSTILE });
    if (isTTY) expectHarmless(text);
    else expect(text).toBe(`${record}\n`);
  });

  it('writes nothing while an earlier write is pending, and does not write its batch again', async () => {
    const written: string[] = [];
    let taken = () => {};
    const spy = vi.spyOn(process.stdout, 'write').mockImplementation(((text: string, done: () => void) => {
      written.push(text);
      taken = done;
      return false;
    }) as typeof process.stdout.write);
    try {
      const output = stdout.create({}, contextOf(jsonTextMapper));
      const first = batchOf(['1'], { id: 'first' });
      for (const batch of [first, first, batchOf(['2'], { id: 'second' })])
        expect(await output.deliver(batch, AbortSignal.timeout(5))).toMatchObject({ status: 'retry' });
      expect(written).toEqual(['1\n']);
      const again = output.deliver(first, neverAborts());
      taken();
      expect(await again).toEqual({ status: 'delivered' });
      const second = output.deliver(batchOf(['2'], { id: 'second' }), neverAborts());
      await vi.waitFor(() => expect(written).toEqual(['1\n', '2\n']));
      taken();
      expect(await second).toEqual({ status: 'delivered' });
    } finally {
      spy.mockRestore();
    }
  });

  it('hears the error that the stream emits after it has told of it', async () => {
    let heard: boolean | undefined;
    await deliverWith((_, done) => {
      const error = new Error('write EPIPE');
      queueMicrotask(() => {
        done(error);
        process.nextTick(() => {
          heard = process.stdout.listenerCount('error') > 0;
        });
      });
      return false;
    });
    await vi.waitFor(() => expect(heard).toBe(true));
  });

  it('retries on a closed pipe, and when nobody reads', async () => {
    const broken = await deliverWith((_, done) => {
      queueMicrotask(() => done(new Error('write EPIPE')));
      return false;
    });
    expect(broken).toEqual({ status: 'retry', reason: 'standard output: write EPIPE' });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 10);
    expect(await deliverWith(() => false, abort.signal)).toMatchObject({ status: 'retry' });
  });
});
