import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import kafka from '../../../../outputs/kafka/index.ts';
import { kafkaBroker } from '../../../support/kafka-broker.ts';
import { runs } from '../../../support/runs.ts';
import { batchOf, contextOf, eventOf, jsonTextMapper, neverAborts } from '../support.ts';

/** A way to the broker on which the bytes of its answers are changed from a place on. */
async function garble(target: string, from: number, bytes: Uint8Array) {
  const sockets = new Set<Socket>();
  const [host = '', port = ''] = target.split(':');
  const server = createServer(async (client) => {
    const { connect } = await import('node:net');
    const broker = connect(Number(port), host);
    let passed = 0;
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        broker.destroy();
      });
    }
    client.pipe(broker);
    broker.on('data', (chunk: Buffer) => {
      const changed = Buffer.from(chunk);
      for (const [place, byte] of bytes.entries()) {
        const at = from + place - passed;
        if (at >= 0 && at < changed.length) changed[at] = byte;
      }
      passed += chunk.length;
      client.write(changed);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

it('settles at the abort, and throws at nobody, whatever bytes a broker answers', async () => {
  const loose: unknown[] = [];
  const catchIt = (error: unknown) => void loose.push(error);
  process.on('uncaughtException', catchIt);
  const broker = await kafkaBroker({ topics: { falco: 2 } });
  const [first, second] = [eventOf({ id: 'a' }), eventOf({ id: 'b' })];
  const batch = batchOf<unknown>(['{"n":1}', '{"n":2}'], { events: [first, second] });
  try {
    await fc.assert(
      fc.asyncProperty(fc.nat(400), fc.uint8Array({ minLength: 1, maxLength: 12 }), async (from, bytes) => {
        const way = await garble(broker.address, from, bytes);
        const given = {
          brokers: [way.address],
          topic: 'falco',
          headers: {},
          compression: 'none',
          idempotent: true,
          max_message_size: 1_048_576,
          allow_topic_creation: false,
          client_id: 'tiercel',
        } as const;
        const output = kafka.create(given as never, contextOf(jsonTextMapper as never));
        const answer = await output
          .deliver(batch as never, AbortSignal.timeout(250))
          .catch((error: Error) => ({ status: 'retry', reason: error.message }));
        expect(['delivered', 'retry']).toContain(answer.status);
        await output.stop?.(neverAborts());
        await way.stop();
      }),
      { numRuns: runs(30) },
    );
  } finally {
    await broker.stop();
    process.off('uncaughtException', catchIt);
  }
  expect(loose).toEqual([]);
});
