import { expect, it } from 'vitest';
import {
  defineMapper,
  defineOutput,
  delivered,
  duration,
  serverOptions,
  Type,
} from '../../../../core/sdk/index.ts';
import { testMapper, testOutput } from '../../../../core/testing/index.ts';

/** Runs the tests of a contract; gives the messages of those that fail. */
async function failuresOf(declare: (test: (name: string, run: () => Promise<void>) => void) => void) {
  const tests: (() => Promise<void>)[] = [];
  declare((_name, run) => tests.push(run));
  const messages = new Set<string>();
  for (const run of tests) await run().catch((error: Error) => messages.add(error.message));
  return [...messages];
}

const seen: unknown[] = [];
const collector = defineOutput({
  apiVersion: 1,
  type: 'collector',
  summary: 'Sends events.',
  options: Type.Object({
    ...serverOptions({ port: 514 }),
    wait: duration({ default: '5s', description: 'How long.' }),
  }),
  examples: [
    { title: 'Minimal', options: { host: 'a' } },
    { title: 'Wrong', options: { host: 'a', wait: 5 } },
  ],
  batch: { events: 1 },
  create: (options) => {
    seen.push(options);
    return { deliver: async () => delivered() };
  },
});
const headline = defineMapper({
  apiVersion: 1,
  type: 'headline',
  summary: 'The rule.',
  options: Type.Object({ mark: Type.String({ default: '!', description: 'The mark.' }) }),
  create: (options) => {
    seen.push(options);
    return { map: ({ rule }) => ({ ok: true, record: `${rule}${options.mark}` }) };
  },
});

it('hands an output its options as the running program does', async () => {
  seen.length = 0;
  await failuresOf((test) =>
    testOutput(collector, {
      test,
      destination: () => ({ arrived: () => '' }),
      options: () => ({ host: 'b' }),
    }),
  );
  expect(seen.length).toBeGreaterThan(2);
  for (const options of seen) expect(options).toEqual({ host: 'b', port: 514, wait: 5000 });
});

it('says which option of a contract or an example is wrong, and how', async () => {
  seen.length = 0;
  const options = () => ({ host: 'b', port: '514', wiat: '1s' });
  const failures = await failuresOf((test) =>
    testOutput(collector, { test, destination: () => ({ arrived: () => '' }), options }),
  );
  expect(failures).toEqual([
    'the options of the example "Wrong" are not valid: wait: must be a duration such as 500ms, 30s, 5m or 7d, not a number. Add a unit: 5s or 5ms.',
    'the options of the contract are not valid: unknown option "wiat"; did you mean "wait"?; port: must be a whole number, not a string. Write it without quotes: 514.',
  ]);
  expect(seen).toEqual([]);
});

it('does so for a mapper, by itself and beside an output', async () => {
  seen.length = 0;
  expect(await failuresOf((test) => testMapper(headline, { test }))).toEqual([]);
  expect(seen.length).toBeGreaterThan(2);
  for (const options of seen) expect(options).toEqual({ mark: '!' });
  expect(await failuresOf((test) => testMapper(headline, { test, options: { mark: 1 } }))).toEqual([
    'the options of the contract are not valid: mark: must be a string, not a number. Write it in quotes: "1".',
  ]);
  const mapper = { definition: headline, options: { mrak: '?' } };
  const failures = await failuresOf((test) =>
    testOutput(collector, {
      test,
      destination: () => ({ arrived: () => '' }),
      mapper,
      options: () => ({ host: 'b' }),
    }),
  );
  expect(failures).toContain(
    'the options of the mapper are not valid: unknown option "mrak"; did you mean "mark"?',
  );
});
