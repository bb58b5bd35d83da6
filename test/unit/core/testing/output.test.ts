import { describe, expect, it } from 'vitest';
import {
  type AnyOutputDefinition,
  defineOutput,
  delivered,
  fromResponse,
  httpUrl,
  type Output,
  type OutputContext,
  rejected,
  retry,
  secret,
  Type,
} from '../../../../core/index.ts';
import { testOutput } from '../../../../core/testing/index.ts';

type Options = { url: string; token: string };
type Create = (options: Options, context: OutputContext) => Output;

/** A small correct output over HTTP. */
const good: Create = ({ url, token }, { fetch }) => ({
  deliver: async ({ records }, signal) => {
    const body = `[${records.join(',')}]`;
    const headers = { authorization: `Bearer ${token}` };
    return fromResponse(await fetch(url, { method: 'POST', body, headers, signal }));
  },
});

const definitionOf = (create: Create, more: Partial<AnyOutputDefinition> = {}) =>
  ({
    ...defineOutput({
      apiVersion: 1,
      type: 'tickets',
      summary: 'Opens tickets.',
      options: Type.Object(
        { url: httpUrl({ description: 'Where to.' }), token: secret({ description: 'Who is it.' }) },
        { additionalProperties: false },
      ),
      examples: [{ title: 'Minimal', options: { url: 'https://tickets.example.com', token: 'x' } }],
      batch: { events: 10 },
      create,
    }),
    ...more,
  }) as AnyOutputDefinition;

/** The parts of the contract that an output breaks. */
async function broken(definition: AnyOutputDefinition): Promise<string[]> {
  const tests: { name: string; run: () => Promise<void> }[] = [];
  testOutput(definition, {
    test: (name, run) => tests.push({ name: name.replace('tickets: ', ''), run }),
    options: ({ url }) => ({ url, token: 'a-very-secret-token' }),
  });
  const names: string[] = [];
  for (const { name, run } of tests) await run().catch(() => names.push(name));
  return names;
}

/** The correct output, with something wrong in how it delivers. */
const wrong = (change: (output: Output, ...rest: Parameters<Create>) => Output['deliver']): Create => {
  return (options, context) => ({ deliver: change(good(options, context), options, context) });
};

describe('the contract of outputs', () => {
  it('is held by a correct output', async () => {
    expect(await broken(definitionOf(good))).toEqual([]);
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
      'tells its secret',
      wrong((output, { token }) => async (batch, signal) => {
        const delivery = await output.deliver(batch, signal);
        return delivery.status === 'retry' ? retry(`${delivery.reason} with ${token}`) : delivery;
      }),
      'shows no secret when the destination fails',
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
      'checks what is there, and throws when it is not',
    ],
  ])('is broken by one that %s', async (_, create, breaks) => {
    expect(await broken(definitionOf(create))).toContain(breaks);
  });

  it('is broken by an open schema, and by an example that does not fit', async () => {
    expect(await broken(definitionOf(good, { options: Type.Object({}) }))).toContain(
      'is a definition: described options, a closed schema, a batch that closes',
    );
    const examples = [{ title: 'Misspelt', options: { adress: 'x' } }];
    expect(await broken(definitionOf(good, { examples }))).toEqual(['has valid examples']);
  });
});
