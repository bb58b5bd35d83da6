import { createSocket, type Socket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import {
  abortable,
  asEvents,
  type Batch,
  defineOutput,
  delivered,
  type Event,
  type Output,
  overConnection,
  overUdp,
  serverOptions,
  Type,
} from '../../../../core/sdk/index.ts';
import { udpDestination } from '../../../../core/testing/index.ts';
import { brokenTests } from './broken.ts';

type Address = { host: string; port: number };

const definitionOf = (create: (address: Address) => Output<Event>) =>
  defineOutput({
    apiVersion: 1,
    type: 'datagrams',
    summary: 'Sends datagrams.',
    options: Type.Object(serverOptions({ port: 5140 })),
    examples: [{ title: 'Minimal', options: { host: 'collector' } }],
    batch: { events: 10 },
    mapper: asEvents,
    confirms: false,
    create,
  });
const contract = {
  destination: udpDestination,
  options: ({ host, port }: Address) => ({ host, port }),
};
const NAMES = 'retries while the name of the destination has no address, and delivers when it has one';

const linesOf = ({ records }: Pick<Batch<Event>, 'records'>) => records.map(({ raw }) => raw);

describe('the contract of an output over UDP', () => {
  it('is held by overUdp', async () => {
    expect(
      await brokenTests(
        definitionOf((address) => overUdp(address, linesOf)),
        contract,
      ),
    ).toEqual({});
  });

  it('is broken by a socket that looks a name up once, and stays broken', async () => {
    const sockets = new Set<Socket>();
    const definition = definitionOf(({ host, port }) =>
      overConnection(
        {
          open: async () => {
            const socket = createSocket('udp4');
            sockets.add(socket);
            socket.on('error', () => {});
            socket.connect(port, host);
            return socket;
          },
          close: (socket) => socket.close(),
        },
        async (socket, batch, signal) => {
          for (const line of linesOf(batch)) {
            const sent = new Promise<void>((resolve, reject) => {
              socket.send(line, (error) => (error ? reject(error) : resolve()));
            });
            await abortable(sent, signal);
          }
          return delivered();
        },
      ),
    );
    const broken = await brokenTests(definition, contract, NAMES);
    expect(broken[NAMES]).toMatch(/^the name has an address now, and the last result is \{"status":"retry"/);
  });

  it('is broken by an output that calls delivered what it sent nowhere', async () => {
    const definition = definitionOf((address) => {
      const output = overUdp(address, linesOf);
      return {
        ...output,
        deliver: (batch, signal) => output.deliver(batch, signal).catch(() => delivered()),
      };
    });
    const broken = await brokenTests(definition, contract, NAMES);
    expect(broken[NAMES]).toContain(
      'no-such-host.invalid has no address, and it answered {"status":"delivered"}',
    );
  });
});
