import { describe, expect, it } from 'vitest';
import { neverAborts } from '../support.ts';
import { batch, event, events, make, numbers, start, textOf } from './support.ts';

describe('kafka', () => {
  it('sends the value of the mapper, with topic, key, headers and the time of the event', async () => {
    const broker = await start({ topics: { 'falco.Warning': 1 } });
    const output = make(broker, { topic: 'falco.{{ priority }}', key: '{{ hostname }}' });
    const time = Date.UTC(2026, 0, 2);
    const late = event(2, { time: time + 7_200_000, receivedAt: time, hostname: '' });
    const list = [event(1, { time, receivedAt: time + 5 }), late];
    const done = await output.deliver(batch(list), neverAborts());
    expect(done).toEqual({ status: 'delivered' });
    expect(broker.log).toEqual([
      {
        topic: 'falco.Warning',
        partition: 0,
        key: 'host-1',
        value: textOf(list[0]!),
        headers: { id: 'id-1', hostname: 'host-1' },
        timestamp: time,
      },
      // A clock that is ahead: brokers refuse times in the future. An empty key is none, an empty header is left out.
      {
        topic: 'falco.Warning',
        partition: 0,
        key: undefined,
        value: textOf(late),
        headers: { id: 'id-2' },
        timestamp: time,
      },
    ]);
  });

  it('sends each key to the partition that Kafka chooses, in order', async () => {
    const broker = await start({ topics: { falco: 5 } });
    const output = make(broker, { key: '{{ hostname }}' });
    const hosts = ['21', 'foobar', 'a-little-bit-long-string', 'a-little-bit-longer-string'];
    const list = Array.from({ length: 40 }, (_, n) => event(n, { hostname: hosts[n % 4]! }));
    await output.deliver(batch(list), neverAborts());
    // The hashes are those of UtilsTest.testMurmur2 in Kafka.
    const hashes = [-973932308, -790332482, -985981536, -1486304829];
    for (const [index, host] of hosts.entries()) {
      const mine = broker.log.filter(({ key }) => key === host);
      expect(new Set(mine.map(({ partition }) => partition))).toEqual(
        new Set([(hashes[index]! & 0x7fffffff) % 5]),
      );
      expect(mine.map(({ headers }) => headers.id)).toEqual(
        Array.from({ length: 10 }, (_, n) => `id-${index + 4 * n}`),
      );
    }
  });

  it('sends what has no key to one partition a batch, each time the next that has a leader', async () => {
    const broker = await start({ topics: { falco: 3 } });
    broker.state.leaderless.add('falco:1');
    const output = make(broker);
    for (let n = 0; n < 4; n++) await output.deliver(batch([event(n), event(n + 10)]), neverAborts());
    expect(broker.produced.map(({ partition, records }) => [partition, records.length])).toEqual([
      [0, 2],
      [2, 2],
      [0, 2],
      [2, 2],
    ]);
  });

  it('sends at most max_message_size to a partition at once', async () => {
    const broker = await start();
    const output = make(broker, { max_message_size: 2000, headers: {} });
    const list = [...Array(12).keys()].map((n) =>
      event(n, { fields: { x: 'x'.repeat(n === 7 ? 3000 : 120) } }),
    );
    expect(await output.deliver(batch(list), neverAborts())).toEqual({ status: 'delivered' });
    expect(broker.produced.map(({ records }) => records.length)).toEqual([5, 2, 1, 4]);
  });

  it('makes a name that Kafka allows of any text', async () => {
    const broker = await start({ topics: { 'a_b__.-9': 1, _: 1, __: 1 } });
    const output = make(broker, { topic: '{{ hostname }}' });
    const list = ['a b/ä.-9', '', '..', '.'].map((hostname, n) => event(n, { hostname }));
    expect(await output.deliver(batch(list), neverAborts())).toEqual({ status: 'delivered' });
    expect(broker.log.map(({ topic }) => topic).sort()).toEqual(['_', '_', '__', 'a_b__.-9']);
  });

  it('speaks the versions of older brokers', async () => {
    for (const produceVersion of [7, 8, 9]) {
      const broker = await start({ topics: { falco: 1 }, produceVersion });
      expect(await make(broker).deliver(batch(events(3)), neverAborts())).toEqual({ status: 'delivered' });
      expect(numbers(broker)).toEqual([0, 1, 2]);
    }
    const old = await start({ topics: { falco: 1 }, produceVersion: 6 });
    expect(await make(old).deliver(batch(events(1)), neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('Kafka 2.4'),
    });
  });

  it.each(['gzip', 'snappy', 'lz4'] as const)('compresses with %s', async (compression) => {
    const broker = await start();
    expect(await make(broker, { compression }).deliver(batch(events(50)), neverAborts())).toEqual({
      status: 'delivered',
    });
    expect(numbers(broker)).toEqual(events(50).map((_, n) => n));
  });

  it('shows what it sends', () => {
    const output = make({ address: '127.0.0.1:9' }, { key: '{{ hostname }}' });
    expect(output.preview?.(batch([event(1)]))).toBe(
      `topic: falco\nkey: host-1\nheader id: id-1\nheader hostname: host-1\n${textOf(event(1))}`,
    );
  });

  it('retries an unknown topic alone, and finds it when it is there', async () => {
    const broker = await start({ topics: { a: 1 } });
    const output = make(broker, { topic: '{{ hostname }}' });
    const list = [event(0, { hostname: 'a' }), event(1, { hostname: 'b' })];
    expect(await output.deliver(batch(list), neverAborts())).toEqual({
      status: 'retry',
      failed: [1],
      reason: expect.stringMatching(/topic b: UNKNOWN_TOPIC_OR_PARTITION: create the topic/),
    });
    broker.state.partitions.b = 1;
    expect(await output.deliver(batch([list[1]!]), neverAborts())).toEqual({ status: 'delivered' });
    expect(broker.log.map(({ topic }) => topic)).toEqual(['a', 'b']);
  });

  it('goes through the brokers until one answers', async () => {
    const broker = await start();
    const output = make(broker, { brokers: ['127.0.0.1:9', broker.address] });
    expect(await output.deliver(batch([event(0)]), neverAborts())).toEqual({ status: 'delivered' });
    const nowhere = make(broker, { brokers: ['127.0.0.1:9'] });
    await expect(nowhere.start?.(neverAborts())).rejects.toThrow(/127\.0\.0\.1:9 failed.*ECONNREFUSED/);
  });
});
