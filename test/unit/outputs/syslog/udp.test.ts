import { afterEach, describe, expect, it } from 'vitest';
import type { Output } from '../../../../core/sdk/index.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { startDatagramServer } from '../../../support/syslog-server.ts';
import { until } from '../../../support/until.ts';
import { eventOf, neverAborts } from '../support.ts';
import { batch, create, textOf } from './support.ts';

const DELIVERED = { status: 'delivered' };
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function connect(port: number, options: Record<string, unknown> = {}, more: object = {}): Output<unknown> {
  const output = create(port, { protocol: 'udp', ...options }, more);
  closing.push(() => output.stop?.(neverAborts()));
  return output;
}

describe('syslog over UDP', () => {
  it('sends each message as a datagram', async () => {
    const server = await startDatagramServer();
    closing.push(() => server.stop());
    const output = connect(server.port);
    await output.start?.(neverAborts());
    const texts = ['plain', 'line\nbreak "quoted" \\', 'ünï €💥\u0000\u2028', 'x'.repeat(7_800)];
    expect(await output.deliver(batch(...texts), neverAborts())).toEqual(DELIVERED);
    await until('the datagrams', () => server.datagrams.length === texts.length);
    expect(server.datagrams.map(textOf)).toEqual(texts);
  });

  it('sets aside a message that is too long, by the option or for the system', async () => {
    const server = await startDatagramServer();
    closing.push(() => server.stop());
    const given = batch('a', 'x'.repeat(70_000), 'b');
    const limited = await connect(server.port).deliver(given, neverAborts());
    expect(limited).toMatchObject({ rejected: [{ index: 1, reason: expect.stringContaining('8192') }] });
    // More than a datagram holds; the configuration refuses such a limit.
    const unlimited = await connect(server.port, { max_message_size: '1MiB' }).deliver(given, neverAborts());
    expect(unlimited).toMatchObject({
      rejected: [{ index: 1, reason: expect.stringContaining('datagram') }],
    });
    const both = batch('x'.repeat(200_000), 'x'.repeat(70_000), 'b');
    expect(await connect(server.port, { max_message_size: '100KiB' }).deliver(both, neverAborts())).toEqual({
      status: 'delivered',
      rejected: [
        { index: 0, reason: expect.stringContaining('102400') },
        { index: 1, reason: expect.stringContaining('datagram') },
      ],
    });
    await until('the others', () => server.datagrams.length === 5);
    expect(server.datagrams.map(textOf)).toEqual(['a', 'b', 'a', 'b', 'b']);
  });

  it('retries where the machine says that nothing listens, and delivers when something does', async () => {
    const first = await startDatagramServer();
    const { port } = first;
    const output = connect(port);
    await output.start?.(neverAborts());
    await first.stop();
    for (const text of ['a', 'b']) {
      await expect(output.deliver(batch(text), neverAborts())).rejects.toThrow(
        `127.0.0.1:${port}: ECONNREFUSED: nothing listens there`,
      );
    }
    const second = await startDatagramServer(port);
    closing.push(() => second.stop());
    expect(await output.deliver(batch('c'), neverAborts())).toEqual(DELIVERED);
    await until('the datagram', () => second.datagrams.length === 1);
    expect(second.datagrams.map(textOf)).toEqual(['c']);
  });

  it('pauses, so that the buffer of the server can take all of a batch', async () => {
    const server = await startDatagramServer();
    closing.push(() => server.stop());
    const clock = createFakeClock();
    const output = connect(server.port, {}, { clock });
    let isDone = false;
    const delivery = output.deliver(batch(...Array(30).fill('x'.repeat(6_000))), neverAborts());
    void delivery.then(() => {
      isDone = true;
    });
    await until('the pause', () => clock.sleepers() === 1);
    await until('the first burst', () => server.datagrams.length === 9);
    await until('the rest', async () => {
      await clock.advance(1);
      return isDone;
    });
    expect(clock.monotonic()).toBeGreaterThanOrEqual(15);
    await until('all of it', () => server.datagrams.length === 30);
  });

  it('looks the name up again after a minute', async () => {
    const server = await startDatagramServer();
    closing.push(() => server.stop());
    const clock = createFakeClock();
    const output = connect(server.port, {}, { clock });
    for (const [text, wait] of [
      ['a', 59_000],
      ['b', 1_000],
      ['c', 0],
    ] as const) {
      await output.deliver(batch(text), neverAborts());
      await until('the datagram', () => server.datagrams.some((bytes) => textOf(bytes) === text));
      await clock.advance(wait);
    }
    const [a, b, c] = server.ports;
    expect([a === b, b === c]).toEqual([true, false]);
  });

  it('fails for a name that has no address', async () => {
    const output = connect(514, { host: 'no-such-host.invalid' });
    await expect(output.deliver(batch('a'), neverAborts())).rejects.toThrow('no-such-host.invalid');
  });

  it('finds out no more than the address, and says so', async () => {
    const findings: unknown[] = [];
    const asked = connect(5140).diagnose!({ write: false, sample: eventOf() }, neverAborts());
    for await (const finding of asked) findings.push(finding);
    expect(findings).toEqual([
      {
        status: 'not_checked',
        what: 'connection',
        line: expect.stringMatching(/^127\.0\.0\.1:5140: UDP /),
        isUnconfirmed: true,
      },
    ]);
  });
});
