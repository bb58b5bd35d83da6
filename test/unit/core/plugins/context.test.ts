import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createOutput, type GivenContext } from '../../../../core/plugins/context.ts';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import {
  defineOutput,
  delivered,
  httpOptions,
  httpUrl,
  type Output,
  type OutputContext,
  Type,
} from '../../../../core/sdk/index.ts';
import { startForwardProxy, startSilentServer } from '../../../support/forward-proxy.ts';
import { until } from '../../../support/until.ts';
import { batchOf, jsonTextMapper, neverAborts, recordingLogger } from '../../outputs/support.ts';

const given: GivenContext = {
  name: 'under-test',
  log: recordingLogger(),
  clock: systemClock,
  stateDir: tmpdir(),
  configDir: tmpdir(),
  mapper: jsonTextMapper,
  mapperRef: { type: 'test', module: 'test:none', options: {} },
  decode: { customFields: {}, customTags: [], templatedFields: {} },
};

const definitionOf = (create: (context: OutputContext) => Output) =>
  defineOutput({
    apiVersion: 1,
    type: 'under_test',
    summary: 'Posts.',
    options: Type.Object({ url: httpUrl({ description: 'Where to.' }), ...httpOptions }),
    examples: [],
    batch: { events: 1 },
    create: (_, context) => create(context as OutputContext),
  });

describe('createOutput', () => {
  it('gives an HTTP client of the options, once, and closes it after the stop', async () => {
    const server = await startSilentServer();
    const clients: unknown[] = [];
    const definition = definitionOf((context) => ({
      deliver: ({ records }, signal) => {
        clients.push(context.http);
        return context.http.post('/in', String(records), signal);
      },
      stop: async () => void clients.push('stopped'),
    }));
    const output = createOutput(definition, { url: `http://127.0.0.1:${server.port}` }, given) as Output;
    const deliveries = [1, 2].map(() => output.deliver(batchOf(['a']), neverAborts()));
    await until('the requests are there', () => server.open() === 2);
    await output.stop!(neverAborts());
    await until('the connections are closed', () => server.open() === 0);
    expect(await Promise.all(deliveries)).toMatchObject([{ status: 'retry' }, { status: 'retry' }]);
    expect(clients[0]).toBe(clients[1]);
    expect(clients.at(-1)).toBe('stopped');
    server.close();
  });

  it('closes it when the stop fails, and gives every output a stop', async () => {
    const server = await startSilentServer();
    const url = `http://127.0.0.1:${server.port}`;
    const make = (stop?: () => Promise<void>) =>
      createOutput(
        definitionOf(({ http }) => ({
          deliver: (_, signal) => http.post('', '', signal),
          ...(stop && { stop }),
        })),
        { url },
        given,
      ) as Output;
    const failing = make(() => Promise.reject(new Error('it does not stop')));
    const plain = make();
    const deliveries = [failing, plain].map((output) => output.deliver(batchOf(['a']), neverAborts()));
    await until('the requests are there', () => server.open() === 2);
    await expect(failing.stop!(neverAborts())).rejects.toThrow('it does not stop');
    await plain.stop!(neverAborts());
    await until('the connections are closed', () => server.open() === 0);
    await Promise.all(deliveries);
    server.close();
  });

  it('makes the client on first use: an output without HTTP has options of its own under these names', async () => {
    const definition = definitionOf(() => ({ deliver: async () => delivered() }));
    const output = createOutput(definition, { proxy: 'no address at all', auth: 'none' }, given) as Output;
    expect(await output.deliver(batchOf(['a']), neverAborts())).toEqual({ status: 'delivered' });
    await output.stop!(neverAborts());
  });

  it('keeps the methods of an instance', async () => {
    class Counting {
      #count = 0;
      async deliver() {
        this.#count++;
        return { status: 'retry', reason: `number ${this.#count}` } as const;
      }
    }
    const output = createOutput(
      definitionOf(() => new Counting()),
      {},
      given,
    ) as Output;
    await output.deliver(batchOf(['a']), neverAborts());
    expect(await output.deliver(batchOf(['a']), neverAborts())).toMatchObject({ reason: 'number 2' });
  });

  it('leads through the proxy of the options', async () => {
    const proxy = await startForwardProxy();
    const definition = definitionOf(({ http }) => ({ deliver: (_, signal) => http.post('/in', '', signal) }));
    const options = { url: 'http://nowhere.invalid', proxy: proxy.url };
    const output = createOutput(definition, options, given) as Output;
    expect(await output.deliver(batchOf(['a']), neverAborts())).toMatchObject({ status: 'retry' });
    expect(proxy.asked).toEqual(['POST http://nowhere.invalid/in']);
    await output.stop!(neverAborts());
    proxy.close();
  });
});
