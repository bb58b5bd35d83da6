import { expect, test } from 'vitest';
import { type Answers, createChannel, type Port } from '../../../../core/workers/channel.ts';

type Here = { double(n: number): number; fail(_: null): void };
type There = { hello(name: string): string };

/** Two ports, each the other's end; messages are copied, as they are between processes. */
function pair(): [Port, Port] {
  const receivers: ((message: unknown) => void)[] = [];
  const port = (mine: number): Port => ({
    send(message, done) {
      const copy = structuredClone(message);
      queueMicrotask(() => {
        receivers[1 - mine]!(copy);
        done(null);
      });
    },
    onMessage(receive) {
      receivers[mine] = receive;
    },
  });
  return [port(0), port(1)];
}

const answers: Answers<Here> = {
  double: async (n) => 2 * n,
  fail() {
    throw new TypeError('no such luck');
  },
};

test('questions go both ways and each gets its own answer', async () => {
  const [a, b] = pair();
  createChannel<There, Here>(a, answers);
  const there = createChannel<Here, There>(b, { hello: (name) => `hello ${name}` });
  expect(await Promise.all([1, 2, 3].map((n) => there.ask('double', n)))).toEqual([2, 4, 6]);
});

test('what the other side throws is thrown here', async () => {
  const [a, b] = pair();
  createChannel<There, Here>(a, answers);
  const there = createChannel<Here, There>(b, { hello: String });
  await expect(there.ask('fail', null)).rejects.toThrow('no such luck');
});

test('a question of another version is refused, and nothing of Object answers', async () => {
  const [a, b] = pair();
  createChannel<There, Here>(a, answers);
  const there = createChannel<{ toString(_: null): string }, There>(b, { hello: String });
  await expect(there.ask('toString', null)).rejects.toThrow('nobody answers toString');
});

test('whoever waits is told when the other side is gone, and so is whoever asks later', async () => {
  const silent: Port = { send: () => {}, onMessage: () => {} };
  const channel = createChannel<Here, There>(silent, { hello: String });
  const asked = channel.ask('double', 1);
  channel.close('worker 1 has ended');
  await expect(asked).rejects.toThrow('worker 1 has ended');
  await expect(channel.ask('double', 1)).rejects.toThrow('worker 1 has ended');
});

test('a message that cannot be sent fails its question', async () => {
  const broken: Port = { send: (_, done) => done(new Error('EPIPE')), onMessage: () => {} };
  await expect(createChannel<Here, There>(broken, { hello: String }).ask('double', 1)).rejects.toThrow(
    'EPIPE',
  );
});
