import assert from 'node:assert/strict';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import { checkDefinition } from '../plugins/check.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import type { OutputContract } from './contract.ts';
import { EVENT_TIME, MARK, markedEvents, oddEvents } from './events.ts';
import { testFaults } from './faults.ts';
import { testHttpFaults } from './http-faults.ts';
import { testNames } from './names.ts';
import { notTested, orSkipped } from './not-tested.ts';
import { assertNothingLeftOpen, endingAfterFailure, openResources } from './open-resources.ts';
import { decodedOptions } from './options.ts';
import { assertPreview, standing } from './preview.ts';
import { type RunOptions, type UnderTest, withContract, withPlace } from './under-test.ts';
import { withOutput } from './with-output.ts';

/**
 * Tests an output against the contract: options are described, examples are valid, every record is delivered once, rejections
 * differ from outages, `Retry-After` is respected, an abort settles within a second, no reason contains a secret, nothing stays
 * open after a stop.
 *
 * An output over HTTP needs only options: the destination is a real server that answers, refuses, hangs and resets. An output of
 * another protocol brings its `destination`; {@link tcpDestination} and {@link udpDestination} are most of one.
 *
 * A test fails, and everything it opened is closed, also when the options do not fit or the destination does not start.
 *
 * @example
 * // With vitest: import { test } from 'vitest'. With Deno: const { test } = Deno.
 * import { test } from 'node:test';
 *
 * testOutput(definition, { test, options: ({ url }) => ({ url }) });
 */
export function testOutput(definition: AnyOutputDefinition, contract: OutputContract): void {
  const runs = endingAfterFailure();
  const test = (what: string, run: () => Promise<void>) => {
    contract.test(`${definition.type}: ${what}`, (...context) => runs(() => orSkipped(run)(...context)));
  };
  const withIt = (run: (underTest: UnderTest) => Promise<void>, options?: RunOptions) => () =>
    withContract(definition, contract, run, options);

  test('is a definition: described options, closed schemas, a batch that closes', async () => {
    assert.deepEqual(checkDefinition('output', definition), []);
  });

  test('has valid examples', async () => {
    assert.ok(definition.examples.length > 0, 'there is no example');
    for (const { title, options } of definition.examples) {
      decodedOptions(definition.options as JsonSchema, options, `example "${title}"`);
    }
  });

  test(
    'delivers every record once and invents none',
    withIt(async ({ deliver, arrived }) => {
      // More than a batch holds by default: the user may raise the limits.
      const events = markedEvents(Math.min(2 * (definition.batch.events ?? 12) + 1, 25));
      const result = await deliver(events);
      assert.deepEqual(
        { ...result, rejected: undefined, bytes: undefined },
        { status: 'delivered', rejected: undefined, bytes: undefined },
      );
      const marks = events.map(({ mark }) => mark);
      const text = (await arrived(marks)).join('\n');
      for (const mark of marks)
        assert.ok(text.includes(mark), `${mark} did not arrive${decodeHint(contract)}`);
      const found = text.match(MARK) ?? [];
      assert.deepEqual([...new Set(found)].sort(), marks, 'something arrived that was not sent');
      const times = new Set(marks.map((mark) => found.filter((one) => one === mark).length));
      assert.equal(times.size, 1, 'some records arrived more often than others');
      const rounded = text.match(/1700000000123\d{6}/g)?.find((time) => !time.startsWith(EVENT_TIME));
      assert.equal(
        rounded,
        undefined,
        'a number of nineteen digits was rounded: use recordJson or stringify',
      );
    }),
  );

  test(
    'takes events of every kind',
    withIt(async ({ deliver }) => {
      for (const raw of oddEvents()) {
        const result = await deliver([{ raw }]);
        assert.notEqual(
          result.status,
          'retry',
          `it would retry forever to deliver ${Buffer.from(raw)}: ${JSON.stringify(result)}`,
        );
      }
    }),
  );

  test(
    'previews what it sends',
    withIt(
      async ({ output, deliver, contentOf, arrived, arrivedRaw }) => {
        if (output.preview === undefined) throw notTested('the output has no preview');
        const events = markedEvents(1);
        const { mark } = events[0]!;
        const preview = output.preview(await contentOf(events));
        await deliver(events);
        const texts = await arrived([mark]);
        await assertPreview(preview, { texts, raw: await arrivedRaw(), mark, decode: contract.decode });
      },
      { clock: standing },
    ),
  );

  test('can be stopped without having delivered, and without having started', async () => {
    await withContract(definition, contract, async () => {});
    await withContract(definition, contract, async () => {}, { start: false });
  });

  test('leaves nothing open after its stop', () =>
    withPlace(contract, async ({ setup, destination }) => {
      const before = openResources();
      await withOutput(definition, setup, async ({ deliver }) => {
        await deliver(markedEvents(2));
      });
      await assertNothingLeftOpen(before);
      if (destination.cut === undefined) return;
      await withOutput(definition, setup, async ({ deliver }) => {
        await destination.cut!();
        await deliver(markedEvents(2, 2));
      });
      await assertNothingLeftOpen(before);
    }));

  if (definition.ordering !== 'partition') {
    test(
      'delivers two batches at once',
      withIt(async ({ deliver, arrived, facts }) => {
        if (facts.ordering === 'partition') throw notTested('it delivers one batch at a time');
        const halves = [markedEvents(3), markedEvents(3, 3)];
        const results = await Promise.all(halves.map((events) => deliver(events)));
        for (const result of results) assert.equal(result.status, 'delivered', JSON.stringify(result));
        const marks = halves.flat().map(({ mark }) => mark);
        const text = (await arrived(marks)).join('\n');
        for (const mark of marks) assert.ok(text.includes(mark), `${mark} did not arrive`);
      }),
    );
  }

  const { idempotent = false } = definition;
  // The kit's HTTP server holds requests, not what a service makes of them.
  if (idempotent !== false && contract.destination !== undefined) {
    test(
      'does no harm when a batch is delivered again',
      withIt(async ({ deliver, arrived, facts }) => {
        if (!facts.idempotent) throw notTested('it is not idempotent with these options');
        const marksThere = async () => (await arrived()).join('\n').match(MARK)?.length;
        await deliver(markedEvents(3));
        const once = await marksThere();
        const again = await deliver(markedEvents(3), { attempt: 2 });
        assert.equal(again.status, 'delivered', `it answered ${JSON.stringify(again)}`);
        assert.equal(await marksThere(), once, 'the second delivery left something behind');
      }),
    );
  }

  testFaults(definition, contract, test);
  if (contract.destination !== undefined && definition.confirms !== undefined && definition.confirms !== true)
    testNames(definition, contract, test);
  if (contract.destination === undefined) testHttpFaults(definition, contract, test);
}

function decodeHint({ decode }: OutputContract): string {
  return decode === undefined ? '; give the contract "decode" if the body is encoded' : '';
}
