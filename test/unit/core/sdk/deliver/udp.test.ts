import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { type Batch, openUdp, overUdp } from '../../../../../core/sdk/index.ts';
import { batchOf, createFakeClock, neverAborts, udpDestination } from '../../../../../core/testing/index.ts';
import { until } from '../../../../support/until.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function server() {
  const started = await udpDestination();
  closing.push(() => started.close());
  return started;
}

/** Answers look-ups of any name with these addresses, one after the other; undefined: there is none. */
function resolving(...addresses: (string | undefined)[]): void {
  const real = dns.promises.lookup;
  const fake = async (name: string) => {
    const address = addresses.length > 1 ? addresses.shift() : addresses[0];
    if (address === undefined) throw Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' });
    return { address, family: 4 };
  };
  dns.promises.lookup = fake as typeof real;
  syncBuiltinESMExports();
  closing.push(() => {
    dns.promises.lookup = real;
    syncBuiltinESMExports();
  });
}

describe('openUdp', () => {
  it('sends texts and bytes, each as a datagram', async () => {
    const { port, arrived } = await server();
    const sender = openUdp({ host: '127.0.0.1', port });
    closing.push(() => sender.close());
    expect(await sender.send(['ü', Buffer.from([0, 255])], neverAborts())).toEqual([]);
    await until('both', () => arrived().length === 2);
    expect(arrived()).toEqual([Buffer.from('ü'), Buffer.from([0, 255])]);
  });

  it('names the messages that are too long, and sends the others', async () => {
    const { port, arrived } = await server();
    const sender = openUdp({ host: '127.0.0.1', port });
    closing.push(() => sender.close());
    expect(await sender.send(['a', 'x'.repeat(70_000), 'b'], neverAborts())).toEqual([
      { index: 1, reason: expect.stringContaining('70000 bytes') },
    ]);
    await until('the others', () => arrived().length === 2);
  });

  it('works as soon as the name has an address', async () => {
    const { port, arrived } = await server();
    resolving(undefined, undefined, '127.0.0.1');
    const sender = openUdp({ host: 'collector.example', port });
    closing.push(() => sender.close());
    await expect(sender.open(neverAborts())).rejects.toThrow('collector.example: ENOTFOUND');
    await expect(sender.send(['a'], neverAborts())).rejects.toThrow('collector.example: ENOTFOUND');
    await sender.send(['b'], neverAborts());
    await until('the datagram', () => arrived().length === 1);
  });

  it('follows the name to another address after a minute', async () => {
    const { port, arrived } = await server();
    resolving('127.0.0.2', '127.0.0.1');
    const clock = createFakeClock();
    const sender = openUdp({ host: 'collector.example', port, clock });
    closing.push(() => sender.close());
    // Nothing listens at the first address; its machine says so, or says nothing.
    await sender.open(neverAborts());
    await clock.advance(60_000);
    await sender.send(['b'], neverAborts());
    await until('the datagram', () => arrived().length === 1);
  });

  it('opens another socket after a close', async () => {
    const { port, arrived } = await server();
    const sender = openUdp({ host: '127.0.0.1', port });
    await sender.send(['a'], neverAborts());
    await sender.close();
    await sender.send(['b'], neverAborts());
    await sender.close();
    await until('both', () => arrived().length === 2);
  });
});

describe('overUdp', () => {
  it('makes a dead letter of a record that is too long', async () => {
    const { port } = await server();
    const output = overUdp({ host: '127.0.0.1', port }, ({ records }: Batch<string>) => records);
    closing.push(() => output.stop!(neverAborts()));
    expect(await output.deliver(batchOf(['a', 'x'.repeat(70_000)]), neverAborts())).toMatchObject({
      status: 'delivered',
      rejected: [{ index: 1 }],
    });
    expect(await output.deliver(batchOf(['a']), neverAborts())).toEqual({ status: 'delivered' });
  });

  it('refuses to send another number of datagrams than records', async () => {
    const output = overUdp({ host: '127.0.0.1', port: 9 }, () => ['a']);
    await expect(output.deliver(batchOf(['a', 'b']), neverAborts())).rejects.toThrow(
      '1 datagrams for 2 records',
    );
  });
});
