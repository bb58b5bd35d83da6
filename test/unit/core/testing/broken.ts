import type { AnyOutputDefinition } from '../../../../core/sdk/index.ts';
import { type OutputContract, testOutput } from '../../../../core/testing/index.ts';

/**
 * The tests of the contract that an output fails, with what they say.
 *
 * @param only the name of the one test that is run; absent: all
 */
export async function brokenTests(
  definition: AnyOutputDefinition,
  contract: Omit<OutputContract, 'test'>,
  only?: string,
): Promise<Record<string, string>> {
  const tests = new Map<string, () => Promise<void>>();
  testOutput(definition, {
    ...contract,
    test: (name, run) => tests.set(name.slice(definition.type.length + 2), run),
  });
  if (only !== undefined && !tests.has(only)) throw new Error(`there is no test "${only}"`);
  const broken: Record<string, string> = {};
  for (const [name, run] of tests) {
    if (only !== undefined && name !== only) continue;
    await run().catch((error: Error) => {
      broken[name] = error.message;
    });
  }
  return broken;
}
