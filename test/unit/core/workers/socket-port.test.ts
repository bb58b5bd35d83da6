import { duplexPair, PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { portOf } from '../../../../core/workers/socket-port.ts';

const message = fc.record({
  text: fc.string(),
  numbers: fc.array(fc.oneof(fc.integer(), fc.double({ noNaN: true }))),
  bytes: fc.uint8Array({ maxLength: 300 }),
  nothing: fc.constant(undefined),
});

test('messages come out as they went in, wherever the stream is cut', async () => {
  const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 50 }));
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 8 }), cuts, async (messages, sizes) => {
      const sent = new PassThrough();
      const out = portOf(sent);
      for (const each of messages) out.send(each, () => {});
      sent.end();
      const all = Buffer.concat(await sent.toArray());

      const received: unknown[] = [];
      const cut = new PassThrough();
      portOf(cut).onMessage((each) => received.push(each));
      for (let at = 0; at < all.length; ) {
        const size = sizes.next().value!;
        cut.write(all.subarray(at, at + size));
        at += size;
      }
      cut.end();
      await new Promise((resolve) => cut.once('end', resolve));
      const plain = (received as (typeof messages)[number][]).map(({ bytes, ...rest }) => ({
        ...rest,
        bytes: new Uint8Array(bytes),
      }));
      expect(plain).toEqual(messages);
    }),
    { numRuns: 50 },
  );
});

test('both ends can send at once, and what is large arrives whole', async () => {
  const [a, b] = duplexPair();
  const [here, there] = [portOf(a), portOf(b)];
  const large = { bytes: new Uint8Array(3 << 20).fill(7) };
  const got = Promise.all(
    [here, there].map((port) => new Promise<unknown>((resolve) => port.onMessage(resolve))),
  );
  for (const port of [here, there]) port.send(large, (error) => expect(error).toBeNull());
  for (const each of await got) expect(Buffer.compare((each as typeof large).bytes, large.bytes)).toBe(0);
});

test('an end that is gone fails what is sent, and nothing else', async () => {
  const stream = new PassThrough();
  const port = portOf(stream);
  stream.destroy(new Error('it is gone'));
  const error = await new Promise<Error | null>((resolve) => port.send({ any: 1 }, resolve));
  expect(error).toBeInstanceOf(Error);
});
