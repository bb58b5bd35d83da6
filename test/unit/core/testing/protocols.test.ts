import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import {
  type AnyOutputDefinition,
  abortable,
  type Delivery,
  defineOutput,
  delivered,
  deliveredExcept,
  httpOptions,
  httpUrl,
  type Output,
  type OutputContext,
  overConnection,
  rejected,
  retry,
  secret,
  Type,
} from '../../../../core/sdk/index.ts';
import {
  type OutputContract,
  type TcpDestination,
  tcpDestination,
  udpDestination,
} from '../../../../core/testing/index.ts';
import { brokenTests } from './broken.ts';

const TOKEN = 'a-very-secret-token';

type Options = { host: string; port: number; token: string };
type Create = (options: Options, context: OutputContext<string>) => Output<string>;

const definitionOf = (create: Create, more: Partial<AnyOutputDefinition> = {}) =>
  ({
    ...defineOutput({
      apiVersion: 1,
      type: 'lines',
      summary: 'Sends lines.',
      options: Type.Object(
        {
          host: Type.String({ description: 'Where to.' }),
          port: Type.Integer({ description: 'Its port.' }),
          token: secret({ description: 'Who is it.' }),
        },
        { additionalProperties: false },
      ),
      examples: [{ title: 'Minimal', options: { host: 'lines', port: 1, token: 'x' } }],
      batch: { events: 10 },
      ordering: 'partition',
      create,
    }),
    ...more,
  }) as AnyOutputDefinition;

function openSocket({ host, port }: Options, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** The answers of the collector to the lines, one for each. */
function answersTo(socket: Socket, lines: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let text = '';
    const lose = () => reject(new Error('the collector closed the connection'));
    const hear = (chunk: Buffer) => {
      text += chunk;
      const answers = text.split('\n').slice(0, -1);
      if (answers.length < lines.length) return;
      socket.off('data', hear).off('close', lose);
      resolve(answers);
    };
    socket.on('data', hear).on('close', lose);
    socket.write(lines.map((line) => `${line}\n`).join(''));
  });
}

const verdictOf = (answers: readonly string[]): Delivery =>
  deliveredExcept(
    answers.flatMap((answer, index) => {
      if (answer === 'ok') return [];
      return [{ index, reason: answer, again: !answer.startsWith('bad') }];
    }),
  );

/** A correct output: a line for each event, and an answer to each. */
const collector: Create = (options) => {
  const output = overConnection<Socket, string>(
    {
      open: (signal) => openSocket(options, signal),
      isOpen: (socket) => socket.writable,
      close: (socket) => socket.destroy(),
    },
    async (socket, { records }, signal) => {
      try {
        return verdictOf(await abortable(answersTo(socket, records), signal));
      } catch (error) {
        socket.destroy();
        throw error;
      }
    },
  );
  const check = async (signal: AbortSignal) => void (await openSocket(options, signal)).destroy();
  return { ...output, check, preview: ({ records }) => records.map((record) => `${record}\n`).join('') };
};

/** A server that answers `ok` to each line, or says what is wrong with it. */
async function lineServer(): Promise<TcpDestination> {
  let answerOf = (_line: string) => 'ok';
  const taken: string[] = [];
  const server = await tcpDestination((socket) => {
    let rest = '';
    socket.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const answer = answerOf(line);
        if (answer === 'ok') taken.push(line);
        socket.write(`${answer}\n`);
      }
    });
  });
  return {
    ...server,
    arrived: () => taken.map((line) => Buffer.from(line)),
    refuse: (text) => {
      answerOf = () => `error: ${text}`;
    },
    refuseRecords: (isBad, fault) => {
      answerOf = (line) => (isBad(line) ? (fault === 'refused' ? 'bad line' : 'later') : 'ok');
    },
    recover: () => {
      answerOf = () => 'ok';
      return server.recover();
    },
  };
}

const overTcp: Omit<OutputContract, 'test'> = {
  destination: lineServer,
  options: ({ host, port }) => ({ host, port, token: TOKEN }),
};

/** Sends datagrams and hears nothing. */
const datagrams: Create = ({ host, port }) => {
  const socket = createSocket('udp4');
  return {
    async deliver({ records }) {
      await Promise.all(
        records.map(
          (record) =>
            new Promise<void>((resolve, reject) => {
              socket.send(record, port, host, (error) => (error ? reject(error) : resolve()));
            }),
        ),
      );
      return delivered();
    },
    stop: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
};

const overUdp: Omit<OutputContract, 'test'> = {
  destination: udpDestination,
  options: ({ host, port }) => ({ host, port, token: TOKEN }),
};

/** The correct output with some members replaced. */
const changed =
  (change: (output: Output<string>, ...rest: Parameters<Create>) => Partial<Output<string>>): Create =>
  (options, context) => {
    const output = collector(options, context);
    return { ...output, ...change(output, options, context) };
  };

/** Makes the kit's seconds of patience a few milliseconds. */
function hurry(): void {
  const { sleep } = systemClock;
  const quick = vi.spyOn(systemClock, 'sleep');
  quick.mockImplementation((milliseconds, signal) => sleep(milliseconds / 20, signal));
  onTestFinished(() => quick.mockRestore());
}

describe('the contract of outputs over other protocols', () => {
  it('is held by a correct output over TCP', async () => {
    expect(await brokenTests(definitionOf(collector), overTcp)).toEqual({});
  });

  it('is held by one over UDP, which fakes no acknowledgement', async () => {
    expect(await brokenTests(definitionOf(datagrams, { confirms: false }), overUdp)).toEqual({});
  });

  it('is held by one over TCP that hears nothing', async () => {
    const sends: Create = changed((_, options) => {
      const output = overConnection<Socket, string>(
        {
          open: (signal) =>
            openSocket(options, signal).then((socket) => socket.on('error', () => {}).resume()),
          isOpen: (socket) => socket.writable,
          close: (socket) => socket.destroy(),
        },
        async (socket, { records }, signal) => {
          const text = records.map((record) => `${record}\n`).join('');
          const written = new Promise<void>((resolve, reject) => {
            socket.write(text, (error) => (error ? reject(error) : resolve()));
          });
          await abortable(written, signal);
          return delivered();
        },
      );
      return { ...output, check: collector(options, {} as never).check! };
    });
    const contract = { ...overTcp, destination: () => tcpDestination() };
    expect(await brokenTests(definitionOf(sends, { confirms: false }), contract)).toEqual({});
  });

  /** Of the two ways to look, only `check`. */
  const withoutSteps = { diagnose: undefined as never };
  const timers = new Set<NodeJS.Timeout>();
  it.each<[what: string, breaks: string, create: Create, more?: Partial<AnyOutputDefinition>]>([
    [
      'opens its connection only once',
      'delivers again when the destination is back',
      changed((output, options) => {
        let socket: Promise<Socket> | undefined;
        return {
          start: async () => {},
          async deliver({ records }, signal) {
            socket ??= openSocket(options, signal);
            return verdictOf(await abortable(answersTo(await socket, records), signal));
          },
          async stop(signal) {
            (await socket)?.destroy();
            await output.stop!(signal);
          },
        };
      }),
    ],
    [
      'forgets to close its connection',
      'leaves nothing open after its stop',
      changed(() => ({ stop: async () => {} })),
    ],
    [
      'forgets a timer',
      'leaves nothing open after its stop',
      changed(() => ({
        start: async () => void timers.add(setInterval(() => {}, 60_000)),
      })),
    ],
    [
      'never ends its stop',
      'stops while the destination is down',
      changed((output) => ({
        async stop(signal) {
          await output.stop!(signal);
          await new Promise(() => {});
        },
      })),
    ],
    [
      'takes an error of the destination for the fault of the records',
      'retries an error of the destination',
      changed((output) => ({
        async deliver(batch, signal) {
          const delivery = await output.deliver(batch, signal);
          return delivery.status === 'retry' ? rejected(delivery.reason) : delivery;
        },
      })),
    ],
    [
      'does not look at what the destination says of each record',
      'sets aside the record that is refused, and says delivered of those that were taken',
      changed((output) => ({
        async deliver(batch, signal) {
          const { status } = await output.deliver(batch, signal);
          return status === 'retry' ? retry('busy') : delivered();
        },
      })),
    ],
    [
      'names the neighbour of the record that must wait',
      'retries the record that must wait, and says delivered of those that were taken',
      changed((output) => ({
        async deliver(batch, signal) {
          const delivery = await output.deliver(batch, signal);
          if (delivery.status !== 'retry') return delivery;
          return { ...delivery, failed: (delivery.failed ?? []).map((index) => index + 1) };
        },
      })),
    ],
    [
      'calls delivered what was cut off',
      'retries while the destination is down',
      changed((output) => ({
        deliver: (batch, signal) => output.deliver(batch, signal).catch(() => delivered()),
      })),
    ],
    [
      'never ends its check',
      'settles its check within a second of the abort',
      changed((output) => ({
        async check(signal) {
          await output.check!(signal);
          await new Promise(() => {});
        },
      })),
    ],
    [
      'passes its check without looking',
      'checks a destination without having started, and says what is wrong when it is down',
      changed(() => ({ ...withoutSteps, check: async () => {} })),
    ],
    [
      'fails its check at a destination that is well',
      'checks a destination without having started, and says what is wrong when it is down',
      changed(() => ({
        ...withoutSteps,
        check: () => Promise.reject(new Error('the collector is not there')),
      })),
    ],
    [
      'says nothing of use when its check fails',
      'checks a destination without having started, and says what is wrong when it is down',
      changed((output) => ({
        ...withoutSteps,
        check: (signal) =>
          output.check!(signal).catch(() => {
            throw new Error('fetch failed');
          }),
      })),
    ],
    [
      'leaves a line behind by its check',
      'checks a destination without having started, and says what is wrong when it is down',
      changed((_, options) => ({
        async check(signal) {
          const socket = await openSocket(options, signal);
          await answersTo(socket, ['are you there?']);
          socket.destroy();
        },
      })),
    ],
    [
      'finds nothing wrong step by step',
      'checks a destination without having started, and says what is wrong when it is down',
      changed(() => ({
        async *diagnose() {
          yield { status: 'ok', what: 'host', line: 'the host has an address' };
        },
        check: undefined as never,
      })),
    ],
    [
      'logs its secret with an error',
      'shows no secret, whatever the destination says',
      changed((output, { token }, { log }) => ({
        async deliver(batch, signal) {
          log.warn({ error: new Error(`login with ${token}`) }, 'delivering');
          return output.deliver(batch, signal);
        },
      })),
    ],
    [
      'previews something else',
      'previews what it sends',
      changed(() => ({ preview: ({ records }) => JSON.stringify(records) })),
    ],
  ])('is broken by one that %s', async (_, breaks, create, more) => {
    hurry();
    try {
      const broken = await brokenTests(definitionOf(create, more), overTcp, breaks);
      expect(Object.keys(broken)).toEqual([breaks]);
    } finally {
      for (const timer of timers) clearInterval(timer);
      timers.clear();
    }
  });

  it('does not ask of a destination what it cannot do', async () => {
    const onlyArrives = {
      ...overTcp,
      destination: async () => {
        const { port, arrived, close } = await lineServer();
        return { port, arrived, close };
      },
    };
    expect(await brokenTests(definitionOf(collector), onlyArrives)).toEqual({});
  });
});

describe('decode', () => {
  /** Publishes as Pub/Sub takes it: base64 in JSON. */
  const pubsub = defineOutput({
    apiVersion: 1,
    type: 'pubsub',
    summary: 'Publishes.',
    options: Type.Object(
      { url: httpUrl({ description: 'Where to.' }), ...httpOptions },
      { additionalProperties: false },
    ),
    examples: [{ title: 'Minimal', options: { url: 'https://pubsub.example.com' } }],
    batch: { events: 10 },
    create(_, { http }) {
      const body = (records: readonly unknown[]) =>
        JSON.stringify({
          messages: records.map((record) => ({ data: Buffer.from(String(record)).toString('base64') })),
        });
      return {
        preview: ({ records }) => body(records),
        deliver: ({ records }, signal) => http.post('', body(records), signal),
      };
    },
  });
  const decode = (body: Buffer) =>
    (JSON.parse(String(body)) as { messages: { data: string }[] }).messages
      .map(({ data }) => Buffer.from(data, 'base64').toString())
      .join('\n');

  it('lets the kit read bodies that are no text, compressed or not', async () => {
    for (const gzip of [false, true]) {
      const options = ({ url }: { url: string }) => ({ url, gzip });
      expect(await brokenTests(pubsub, { options, decode })).toEqual({});
      expect(await brokenTests(pubsub, { options, decode: async (body) => decode(body) })).toEqual({});
    }
  });

  it('is asked for when nothing can be read', async () => {
    const name = 'delivers every record once and invents none';
    const broken = await brokenTests(pubsub, { options: ({ url }) => ({ url }) }, name);
    expect(broken[name]).toContain(
      'contract-mark-0000 did not arrive; give the contract "decode" if the body is encoded',
    );
  });

  it('fails the test with its own error', async () => {
    const name = 'delivers two batches at once';
    const fails = () => {
      throw new Error('no such message type');
    };
    const broken = await brokenTests(pubsub, { options: ({ url }) => ({ url }), decode: fails }, name);
    expect(broken[name]).toContain('no such message type');
  });

  it('reads messages of other protocols', async () => {
    const encoded = changed((output) => {
      const encode = (records: readonly string[]) =>
        records.map((record) => Buffer.from(record).toString('base64'));
      return {
        deliver: (batch, signal) => output.deliver({ ...batch, records: encode(batch.records) }, signal),
        preview: ({ records }) => encode(records).join('\n'),
      };
    });
    const fromBase64 = (message: Buffer) => Buffer.from(String(message), 'base64').toString();
    const contract = {
      ...overTcp,
      decode: fromBase64,
      destination: async () => {
        const { refuseRecords: _, ...server } = await lineServer();
        return server;
      },
    };
    expect(await brokenTests(definitionOf(encoded), contract)).toEqual({});
  });
});

it('a TCP destination that hangs does not close its side, and does again when it is back', async () => {
  const server = await tcpDestination();
  onTestFinished(() => server.close());
  const halfOpen = async () => {
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  };
  const isClosed = (socket: Socket) =>
    new Promise<boolean>((resolve) => {
      socket.once('end', () => resolve(true)).resume();
      socket.end('text');
      setTimeout(() => resolve(false), 100);
    });
  const before = await halfOpen();
  server.hang();
  expect(await isClosed(before)).toBe(false);
  expect(await isClosed(await halfOpen())).toBe(false);
  await server.recover();
  expect(await isClosed(await halfOpen())).toBe(true);
});
