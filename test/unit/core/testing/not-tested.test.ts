import { expect, it } from 'vitest';
import { defineOutput, delivered, httpOptions, httpUrl, Type } from '../../../../core/sdk/index.ts';
import { type OutputContract, testOutput } from '../../../../core/testing/index.ts';

const definition = defineOutput({
  apiVersion: 1,
  type: 'posts',
  summary: 'Posts.',
  options: Type.Object({ url: httpUrl({ description: 'Where to.' }), ...httpOptions }),
  examples: [{ title: 'Minimal', options: { url: 'https://posts.example.com' } }],
  batch: { events: 10 },
  create: () => ({ deliver: async () => delivered() }),
});

/** The tests of the contract, and why those were skipped that were. */
async function skippedIn(contract: Partial<OutputContract>): Promise<Record<string, string | undefined>> {
  const tests = new Map<string, (...context: readonly unknown[]) => Promise<void>>();
  testOutput(definition, {
    test: (name, run) => tests.set(name.replace('posts: ', ''), run),
    options: () => ({ url: 'http://127.0.0.1:9' }),
    ...contract,
  });
  const skipped: Record<string, string | undefined> = {};
  for (const [name, run] of tests) {
    // Bun takes a parameter for a callback.
    expect(run).toHaveLength(0);
    skipped[name] = undefined;
    const skip = (reason: string) => {
      skipped[name] = reason;
    };
    await run({ skip }).catch(() => {});
  }
  return skipped;
}

it('skips what the output or the destination cannot do, with the reason', async () => {
  const skipped = await skippedIn({ destination: () => ({ arrived: () => [] }) });
  expect(skipped).toMatchObject({
    'previews what it sends': 'the output has no preview',
    'settles within a second of the abort': 'the destination has no hang()',
    'retries while the destination is down': 'the destination has no cut()',
    'retries an error of the destination': 'the destination has no refuse()',
    'sets aside the record that is refused, and says delivered of those that were taken':
      'the destination has no refuseRecords()',
    'delivers every record once and invents none': undefined,
  });
});

it('registers for HTTP no test that HTTP has in another form', async () => {
  const names = Object.keys(await skippedIn({}));
  expect(names).not.toContain(
    'sets aside the record that is refused, and says delivered of those that were taken',
  );
  expect(names).toContain('sets aside the record that is refused, and calls delivered just what was taken');
});
