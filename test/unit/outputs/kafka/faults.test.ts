import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../../core/sdk/index.ts';
import type { Verdict } from '../../../support/kafka-broker.ts';
import { until } from '../../../support/until.ts';
import { neverAborts } from '../support.ts';
import { batch, event, events, first, make, numberIn, numbers, start } from './support.ts';

describe('kafka, when something fails', () => {
  it('keeps the other partitions when one fails, and tells repeated records apart', async () => {
    const broker = await start({ topics: { falco: 3 } });
    const output = make(broker, { key: '{{ id }}' });
    broker.state.judge = ({ partition }) => (partition === 1 ? { code: 20, store: true } : 'store');
    const list = events(30);
    const answer = await output.deliver(batch(list), neverAborts());
    const failed = broker.log.filter(({ partition }) => partition === 1).map(({ key }) => key);
    expect(failed.length).toBeGreaterThan(3);
    expect(answer).toMatchObject({
      status: 'retry',
      failed: list.flatMap(({ id }, index) => (failed.includes(id) ? [index] : [])),
      reason: expect.stringMatching(/NOT_ENOUGH_REPLICAS_AFTER_APPEND.*min\.insync\.replicas/),
    });
    broker.state.judge = () => 'store';
    const again = list.filter(({ id }) => failed.includes(id));
    expect(await output.deliver(batch(again), neverAborts())).toEqual({ status: 'delivered' });
    // The broker had stored them: under the same sequence it does not store them twice.
    expect(numbers(broker).sort((a, b) => a - b)).toEqual(list.map((_, n) => n));
  });

  it.each(['store and cut', 'cut'] as const)(
    'stores once what it sends again after a connection that was lost: %s',
    async (fault) => {
      const broker = await start({ topics: { falco: 4 } });
      const output = make(broker);
      await output.deliver(batch(events(2)), neverAborts());
      broker.state.judge = first(fault);
      const list = events(7).slice(2);
      expect(await output.deliver(batch(list), neverAborts())).toMatchObject({ status: 'retry' });
      // Another batch in between must not take the place of the one that may be stored.
      expect(await output.deliver(batch([event(50), event(51)]), neverAborts())).toEqual({
        status: 'delivered',
      });
      expect(await output.deliver(batch(list), neverAborts())).toEqual({ status: 'delivered' });
      expect(numbers(broker).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 50, 51]);
    },
  );

  it('stores both of two events with one id, when it is unknown whether the first is stored', async () => {
    const broker = await start();
    const output = make(broker);
    broker.state.judge = first('store and cut');
    expect((await output.deliver(batch([event(1)]), neverAborts())).status).toBe('retry');
    const other = event(1, { fields: { n: 2 } });
    expect(await output.deliver(batch([other]), neverAborts())).toEqual({ status: 'delivered' });
    await output.deliver(batch([event(1)]), neverAborts());
    expect(new Set(numbers(broker))).toEqual(new Set([1, 2]));
  });

  it('loses nothing and doubles nothing of one partition when every second answer is lost', async () => {
    const broker = await start();
    const output = make(broker);
    let count = 0;
    broker.state.judge = () => (count++ % 2 === 0 ? (count % 4 === 1 ? 'store and cut' : 'cut') : 'store');
    let waiting = Array.from({ length: 12 }, (_, n) => events(4 * n + 4).slice(4 * n));
    for (let round = 0; waiting.length > 0 && round < 20; round++) {
      const answers: Delivery[] = [];
      for (const list of waiting) answers.push(await output.deliver(batch(list), neverAborts()));
      waiting = waiting.filter((_, index) => answers[index]!.status !== 'delivered');
    }
    expect(numbers(broker).sort((a, b) => a - b)).toEqual(events(48).map((_, n) => n));
  });

  it('keeps the sequences of batches that are delivered together apart', async () => {
    const broker = await start();
    const output = make(broker);
    const lists = Array.from({ length: 6 }, (_, n) => [event(n)]);
    const answers = await Promise.all(lists.map((list) => output.deliver(batch(list), neverAborts())));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill('delivered'));
    expect(numbers(broker)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('takes another producer id when the broker knows the old one no more', async () => {
    const broker = await start();
    const output = make(broker);
    await output.deliver(batch([event(0)]), neverAborts());
    broker.state.judge = first({ code: 59 });
    expect(await output.deliver(batch([event(1)]), neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('UNKNOWN_PRODUCER_ID'),
    });
    expect(await output.deliver(batch([event(1)]), neverAborts())).toEqual({ status: 'delivered' });
    const ids = broker.produced.map(({ producerId }) => producerId);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(numbers(broker)).toEqual([0, 1]);
  });

  it('sends no producer id where it is told not to', async () => {
    const broker = await start({ topics: { falco: 1 }, producerIds: false });
    const refused = await make(broker).deliver(batch([event(0)]), neverAborts());
    expect(refused).toMatchObject({
      status: 'retry',
      denied: true,
      reason: expect.stringContaining('idempotent: false'),
    });
    const output = make(broker, { idempotent: false });
    expect(await output.deliver(batch([event(0)]), neverAborts())).toEqual({ status: 'delivered' });
    expect(broker.produced[0]?.producerId).toBe(-1n);
  });

  it('halves what is too large together, and sets aside what is too large alone', async () => {
    const broker = await start();
    const output = make(broker);
    broker.state.judge = ({ records }) =>
      records.length > 3 || records.some(({ value }) => value.length > 400)
        ? { code: 10, message: 'The request included a message larger than the max message size' }
        : 'store';
    const list = events(9);
    list[4] = event(4, { fields: { n: 4, x: 'x'.repeat(400) } });
    expect(await output.deliver(batch(list), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [
        { index: 4, reason: expect.stringMatching(/^Kafka: topic falco.*MESSAGE_TOO_LARGE.*max\.message/) },
      ],
    });
    expect(numbers(broker)).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
  });

  it('sends a half that may be stored again by itself', async () => {
    const broker = await start();
    const output = make(broker);
    const lost: Verdict[] = ['store and cut'];
    broker.state.judge = ({ records }) => (records.length > 4 ? { code: 10 } : (lost.pop() ?? 'store'));
    const list = events(7);
    expect((await output.deliver(batch(list), neverAborts())).status).toBe('retry');
    expect(await output.deliver(batch(list), neverAborts())).toEqual({ status: 'delivered' });
    expect(numbers(broker)).toEqual(list.map((_, n) => n));
  });

  it('sets aside the records that the broker names, and sends the others again', async () => {
    const broker = await start();
    const output = make(broker);
    broker.state.judge = ({ records }) => {
      const bad = [...records.keys()].filter((at) => [2, 5].includes(numberIn(records[at]!)));
      return bad.length > 0 ? { code: 87, message: 'invalid record', bad } : 'store';
    };
    expect(await output.deliver(batch(events(7)), neverAborts())).toEqual({
      status: 'delivered',
      rejected: [2, 5].map((index) => ({
        index,
        reason: `Kafka: topic falco, partition 0: record ${index} is bad`,
      })),
    });
    expect(numbers(broker)).toEqual([0, 1, 3, 4, 6]);
  });

  it('asks the brokers again when a leader has moved', async () => {
    const broker = await start();
    const output = make(broker);
    await output.deliver(batch([event(0)]), neverAborts());
    const before = broker.asked.filter((key) => key === 3).length;
    broker.state.judge = first({ code: 6 });
    expect(await output.deliver(batch([event(1)]), neverAborts())).toMatchObject({ status: 'retry' });
    expect(await output.deliver(batch([event(1)]), neverAborts())).toEqual({ status: 'delivered' });
    expect(broker.asked.filter((key) => key === 3).length).toBe(before + 1);
  });

  it('retries the partition whose leader has moved, and no other', async () => {
    const broker = await start({ topics: { falco: 3 } });
    const output = make(broker, { key: '{{ id }}' });
    broker.state.judge = ({ partition }) => (partition === 1 ? 'store' : { code: 6 });
    const list = events(20);
    const answer = await output.deliver(batch(list), neverAborts());
    const stored = broker.log.map(({ key }) => key);
    expect(stored.length).toBeGreaterThan(2);
    expect(answer).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('NOT_LEADER_OR_FOLLOWER'),
      failed: list.flatMap(({ id }, index) => (stored.includes(id) ? [] : [index])),
    });
  });

  it('says that it is denied when it may not write, and when the password is wrong', async () => {
    const broker = await start({ topics: { falco: 1 }, password: 'right-password' });
    const login = (password: string) => ({
      sasl: { mechanism: 'PLAIN' as const, username: 'falco', password },
    });
    const output = make(broker, login('right-password'));
    broker.state.judge = first({ code: 29 });
    expect(await output.deliver(batch([event(0)]), neverAborts())).toMatchObject({
      status: 'retry',
      denied: true,
      reason: expect.stringMatching(/TOPIC_AUTHORIZATION_FAILED.*permission Write/),
    });
    const wrong = make(broker, login('wrong-password'));
    await expect(wrong.start?.(neverAborts())).rejects.toThrow(
      /SASL_AUTHENTICATION_FAILED.*Invalid username/,
    );
    await expect(wrong.start?.(neverAborts())).rejects.not.toThrow(/wrong-password/);
    await make(broker, login('right-password')).start?.(neverAborts());
  });

  it('settles at the abort and says which records are stored', async () => {
    const broker = await start({ topics: { falco: 2 } });
    const output = make(broker, { key: '{{ id }}' });
    await output.start?.(neverAborts());
    broker.state.judge = first('store and hang');
    const list = events(12);
    const abort = new AbortController();
    const delivery = output.deliver(batch(list), abort.signal);
    await until('the records to come', () => broker.produced.length === 2);
    abort.abort();
    expect(await delivery).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('no answer in time'),
    });
    expect(await output.deliver(batch(list), neverAborts())).toEqual({ status: 'delivered' });
    expect(numbers(broker).sort((a, b) => a - b)).toEqual(list.map((_, n) => n));
  });

  it('does not let the next batch overtake one that gave up waiting', async () => {
    const broker = await start();
    const output = make(broker);
    await output.start?.(neverAborts());
    broker.state.judge = first('hang');
    const hung = new AbortController();
    const impatient = new AbortController();
    const one = output.deliver(batch([event(1)]), hung.signal);
    await until('the record to come', () => broker.produced.length === 1);
    const two = output.deliver(batch([event(2)]), impatient.signal);
    const three = output.deliver(batch([event(3)]), neverAborts());
    impatient.abort();
    expect((await two).status).toBe('retry');
    expect(broker.produced).toHaveLength(1);
    hung.abort();
    expect((await one).status).toBe('retry');
    expect((await three).status).toBe('delivered');
  });

  it('connects again after a broker ended the connection, and ends its own at the stop', async () => {
    const broker = await start();
    const output = make(broker);
    await output.deliver(batch([event(0)]), neverAborts());
    broker.cut();
    await until('the connection to be gone', () => broker.sockets.size === 0);
    for (let attempt = 0; numbers(broker).length < 2 && attempt < 3; attempt++)
      await output.deliver(batch([event(1)]), neverAborts());
    expect(numbers(broker)).toEqual([0, 1]);
    await output.stop?.(neverAborts());
    await until('the connection to be gone', () => broker.sockets.size === 0);
  });
});
