import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { collect } from '../../../../core/http/body.ts';
import { createBodyRateCheck } from '../../../../core/http/body-rate.ts';
import { createByteBudget } from '../../../../core/http/budget.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it.each([
  ['once, however many chunks it came in', 1 << 20],
  ['not at all when it is refused', 600 << 10],
])('keeps a body %s', async (_, maxBody) => {
  const clock = createFakeClock();
  const stream = new PassThrough();
  const account = createByteBudget(1 << 20).open();
  const options = { maxBody, maxWait: 1000, rateCheck: createBodyRateCheck(clock), clock };
  const collected = collect(stream, { account, wait: true, length: undefined, decoder: undefined }, options);
  const chunks: WeakRef<Buffer>[] = [];
  for (let i = 0; i < 10; i++) {
    const chunk = Buffer.alloc(64 << 10, i);
    chunks.push(new WeakRef(chunk));
    stream.write(chunk);
  }
  stream.end();
  const body = await collected.catch(() => undefined);
  const left = () => {
    collectGarbage();
    return chunks.filter((chunk) => chunk.deref() !== undefined).length;
  };
  await expect.poll(left).toBeLessThan(2);
  expect(body?.bytes.length).toBe(maxBody === 1 << 20 ? 10 * (64 << 10) : undefined);
  stream.destroy();
});
