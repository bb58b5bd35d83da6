import { describe, expect, it, vi } from 'vitest';
import stdout from '../../../outputs/stdout.ts';
import { expectHarmless, HOSTILE } from '../../support/hostile-text.ts';
import { batchOf, calm, contextOf, jsonTextMapper } from './support.ts';

type Write = (text: string, done: (error?: Error) => void) => boolean;

async function deliverWith(write: Write, signal = calm(), records = ['{"a":1}', '{"a":2}']) {
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
      await deliverWith(write, calm(), [record]);
    } finally {
      process.stdout.isTTY = before;
    }
    expect(JSON.parse(text)).toEqual({ rule: HOSTILE });
    if (isTTY) expectHarmless(text);
    else expect(text).toBe(`${record}\n`);
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
