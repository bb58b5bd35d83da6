import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { checkDefinition } from '../../../../core/plugins/check.ts';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import {
  type AnyOutputDefinition,
  type Delivery,
  defineOutput,
  delivered,
  fromResponse,
  httpOptions,
  httpUrl,
  type Output,
  type OutputContext,
  overHttp,
  rejected,
  retry,
  Type,
} from '../../../../core/sdk/index.ts';
import { testOutput } from '../../../../core/testing/index.ts';

type Options = { url: string; auth?: { bearer?: { token?: string } } };
type Create = (options: Options, context: OutputContext) => Output;

/** A small correct output over HTTP. */
const good: Create = (_, { http }) => ({
  deliver: ({ records }, signal) => http.post('', `[${records.join(',')}]`, signal),
});

/** One request a record, and the answers told by record. */
const each = (tell: (deliveries: Delivery[]) => Delivery): Create => {
  return (options, context) => {
    const { deliver, ...rest } = good(options, context);
    return {
      ...rest,
      async deliver(batch, signal) {
        const deliveries: Delivery[] = [];
        for (const record of batch.records)
          deliveries.push(await deliver({ ...batch, count: 1, records: [record] }, signal));
        return tell(deliveries);
      },
    };
  };
};
const indexesOf = (deliveries: Delivery[], status: string) =>
  deliveries.flatMap((delivery, index) => (delivery.status === status ? [index] : []));

const definitionOf = (create: Create, more: Partial<AnyOutputDefinition> = {}) =>
  ({
    ...defineOutput({
      apiVersion: 1,
      type: 'tickets',
      summary: 'Opens tickets.',
      options: Type.Object({ url: httpUrl({ description: 'Where to.' }), ...httpOptions }),
      examples: [{ title: 'Minimal', options: { url: 'https://tickets.example.com' } }],
      batch: { events: 10 },
      create,
    }),
    ...more,
  }) as AnyOutputDefinition;

/** The parts of the contract that an output breaks, of all or of one. */
async function broken(definition: AnyOutputDefinition, only?: string): Promise<string[]> {
  const tests: { name: string; run: () => Promise<void> }[] = [];
  testOutput(definition, {
    test: (name, run) => tests.push({ name: name.replace('tickets: ', ''), run }),
    options: ({ url }) => ({ url, auth: { bearer: { token: 'a-very-secret-token' } } }),
  });
  const names: string[] = [];
  const chosen = tests.filter(({ name }) => only === undefined || name === only);
  for (const { name, run } of chosen) await run().catch(() => names.push(name));
  return names;
}

/** Makes the kit's second of grace a few milliseconds: what does not settle at an abort never settles. */
function hurry(): void {
  const { sleep } = systemClock;
  const quick = vi.spyOn(systemClock, 'sleep');
  quick.mockImplementation((milliseconds, signal) => sleep(milliseconds / 20, signal));
  onTestFinished(() => quick.mockRestore());
}

/** The correct output, with something wrong in how it delivers. */
const wrong = (change: (output: Output, ...rest: Parameters<Create>) => Output['deliver']): Create => {
  return (options, context) => ({ deliver: change(good(options, context), options, context) });
};

describe('the contract of outputs', () => {
  it('asks no confirmation of an output that says that there is none', async () => {
    hurry();
    /** Never listens to an answer. */
    const sends = wrong((output) => async (batch, signal) => {
      const sent = output.deliver(batch, signal);
      await Promise.race([sent, systemClock.sleep(1000)]);
      return delivered();
    });
    const abort = 'settles within a second of the abort';
    expect(await broken(definitionOf(sends), abort)).toEqual([abort]);
    expect(await broken(definitionOf(sends, { confirms: false }), abort)).toEqual([]);
    expect(await broken(definitionOf(sends, { confirms: () => false }), abort)).toEqual([]);
  });

  it('wants the check to send the headers that every delivery has', async () => {
    const checks = 'checks with the headers that every delivery has';
    const headers = { 'x-api-version': '2' };
    const exchange = { body: ({ records }: { records: readonly unknown[] }) => records.join() };
    const sends: Create = (_, { http }) => overHttp(http, { ...exchange, headers });
    const forgets: Create = (_, { http }) => overHttp(http, { ...exchange, headers: () => headers });
    const forOneBatch: Create = (_, { http }) =>
      overHttp(http, { ...exchange, headers: ({ id }) => ({ 'x-id': id }) });
    expect(await broken(definitionOf(sends), checks)).toEqual([]);
    expect(await broken(definitionOf(forOneBatch), checks)).toEqual([]);
    expect(await broken(definitionOf(forgets), checks)).toEqual([checks]);
  });

  it('is held by a correct output', async () => {
    expect(await broken(definitionOf(good))).toEqual([]);
  });

  it.each<[what: string, create: Create]>([
    [
      'tells its secret',
      wrong((output, { auth }) => async (batch, signal) => {
        const delivery = await output.deliver(batch, signal);
        const token = auth?.bearer?.token;
        return delivery.status === 'retry' ? retry(`${delivery.reason} with ${token}`) : delivery;
      }),
    ],
    [
      'repeats what the destination says, its own secret among it',
      ({ url, auth }, { fetch }) => ({
        deliver: async ({ records }, signal) => {
          const headers = { authorization: `Bearer ${auth?.bearer?.token}` };
          return fromResponse(await fetch(url, { method: 'POST', body: `[${records}]`, headers, signal }));
        },
      }),
    ],
  ])('is held by one that %s, because the framework takes it out', async (_, create) => {
    expect(await broken(definitionOf(create), 'shows no secret, whatever the destination says')).toEqual([]);
  });

  it.each<[what: string, create: Create, breaks: string]>([
    [
      'loses a record',
      wrong(
        (output) => (batch, signal) => output.deliver({ ...batch, records: batch.records.slice(1) }, signal),
      ),
      'delivers every record once and invents none',
    ],
    [
      'does not look at the answer',
      wrong((output) => async (batch, signal) => {
        await output.deliver(batch, signal);
        return delivered();
      }),
      'retries a 503',
    ],
    [
      'throws events away when it may not enter',
      wrong((output) => async (batch, signal) => {
        const delivery = await output.deliver(batch, signal);
        return delivery.status === 'retry' ? rejected('refused') : delivery;
      }),
      'takes refused credentials for a denial, not for bad records',
    ],
    [
      'does not pass the signal on',
      wrong((output) => (batch) => output.deliver(batch, new AbortController().signal)),
      'settles within a second of the abort',
    ],
    [
      'logs its secret',
      (options, context) => ({
        ...good(options, context),
        start: async () => context.log.info({ options }, 'starting'),
      }),
      'shows no secret, whatever the destination says',
    ],
    [
      'sends each batch twice',
      wrong((output) => async (batch, signal) => {
        await output.deliver(batch, signal);
        return output.deliver(batch, signal);
      }),
      'sends no record twice',
    ],
    [
      'sends one record twice',
      wrong(
        (output) => (batch, signal) =>
          output.deliver({ ...batch, records: [...batch.records, batch.records[0]!] }, signal),
      ),
      'delivers every record once and invents none',
    ],
    [
      'takes no more records than its own batches hold',
      wrong(
        (output) => (batch, signal) =>
          output.deliver({ ...batch, records: batch.records.slice(0, 10) }, signal),
      ),
      'delivers every record once and invents none',
    ],
    [
      'rounds numbers',
      wrong(
        (output) => (batch, signal) =>
          output.deliver(
            { ...batch, records: batch.records.map((record) => JSON.stringify(JSON.parse(String(record)))) },
            signal,
          ),
      ),
      'delivers every record once and invents none',
    ],
    [
      'ignores Retry-After',
      wrong((output) => async (batch, signal) => {
        const delivery = await output.deliver(batch, signal);
        return delivery.status === 'retry' ? { ...delivery, after: undefined } : delivery;
      }),
      'leaves a destination alone for its Retry-After',
    ],
    [
      'follows a redirect and asks nobody',
      ({ url }, { fetch }) => ({
        deliver: async ({ records }, signal) => {
          const response = await fetch(url, { method: 'POST', body: `[${records}]`, signal });
          return response.ok ? delivered() : fromResponse(response);
        },
      }),
      'keeps events when it is sent elsewhere',
    ],
    [
      'names the neighbour of the record that is refused',
      each((deliveries) =>
        delivered({
          rejected: indexesOf(deliveries, 'rejected').map((index) => ({ index: index - 1, reason: 'bad' })),
        }),
      ),
      'sets aside the record that is refused, and calls delivered just what was taken',
    ],
    [
      'tries the neighbour of the record again that must wait',
      each((deliveries) => {
        const failed = indexesOf(deliveries, 'retry').map((index) => Math.max(index - 1, 0));
        return failed.length === 0 ? delivered() : retry('busy', { failed });
      }),
      'tries again the record that must wait, and calls delivered just what was taken',
    ],
    [
      'stops at the first record that is refused, and forgets those behind it',
      each((deliveries) => {
        const [index] = indexesOf(deliveries, 'rejected');
        return delivered(index === undefined ? {} : { rejected: [{ index: 0, reason: 'bad' }] });
      }),
      'sets aside the record that is refused, and calls delivered just what was taken',
    ],
    [
      'chokes on a number that a double does not hold',
      wrong((output) => (batch, signal) => {
        for (const record of batch.records) {
          const [, number = '0'] = /"a":(\d+)/.exec(String(record)) ?? [];
          JSON.stringify({ a: BigInt(number) > 2n ** 53n ? BigInt(number) : 0 });
        }
        return output.deliver(batch, signal);
      }),
      'takes events of every kind',
    ],
    [
      'never ends its start',
      (options, context) => ({
        ...good(options, context),
        start: async () => {
          await context.fetch(options.url);
        },
      }),
      'settles its start within a second of the abort',
    ],
    [
      'mixes up two batches',
      (options, context) => {
        const { deliver } = good(options, context);
        let last: unknown[] = [];
        return {
          async deliver(batch, signal) {
            last = [...batch.records];
            await Promise.resolve();
            return deliver({ ...batch, records: last }, signal);
          },
        };
      },
      'delivers two batches at once',
    ],
    [
      'names records that there are not',
      wrong((output) => async (batch, signal) => {
        const delivery = await output.deliver(batch, signal);
        return delivery.status === 'retry' ? retry(delivery.reason, { failed: [batch.count] }) : delivery;
      }),
      'retries a 503',
    ],
    [
      'passes its check without looking',
      (options, context) => ({ ...good(options, context), check: async () => {} }),
      'checks a destination without having started, and says what is wrong when it is down',
    ],
  ])('is broken by one that %s', async (_, create, breaks) => {
    hurry();
    expect(await broken(definitionOf(create), breaks)).toEqual([breaks]);
  });

  it('is broken by an open schema, and by an example that does not fit', async () => {
    expect(
      await broken(definitionOf(good, { options: Type.Object({}, { additionalProperties: true }) })),
    ).toContain('is a definition: described options, closed schemas, a batch that closes');
    const nested = Type.Object({
      tls: Type.Object({ ca: Type.String() }, { additionalProperties: true, description: 'TLS.' }),
    });
    expect(checkDefinition('output', definitionOf(good, { options: nested }))).toEqual([
      'its option "tls" is not closed (additionalProperties: false, which Type.Object of tiercel sets)',
      'its option "tls.ca" has no description',
    ]);
    const examples = [{ title: 'Misspelt', options: { adress: 'x' } }];
    expect(await broken(definitionOf(good, { examples }))).toEqual(['has valid examples']);
  });
});
