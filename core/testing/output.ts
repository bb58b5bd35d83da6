import assert from 'node:assert/strict';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import { checkDefinition } from '../plugins/check.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import type { OutputContract } from './contract.ts';
import { EVENT_TIME, MARK, markedEvents, oddEvents } from './events.ts';
import { testHttpFaults } from './http-faults.ts';
import { decodedOptions } from './options.ts';
import { neverAborts, type UnderTest, withOutput } from './under-test.ts';

/** How long a delivery may take to settle after the abort, milliseconds. */
const GRACE = 1000;

/**
 * Tests an output against the contract: options are described, examples are valid, every record is delivered once, rejections
 * differ from outages, `Retry-After` is respected, an abort settles within a second, no reason contains a secret.
 *
 * @example
 * import { test } from 'node:test';
 * testOutput(tickets, { test, options: ({ url }) => ({ url }) });
 */
export function testOutput(definition: AnyOutputDefinition, contract: OutputContract): void {
  const test = (what: string, run: () => Promise<void>) => {
    contract.test(`${definition.type}: ${what}`, run);
  };
  const withIt = (run: (underTest: UnderTest) => Promise<void>, options?: { start: boolean }) => () =>
    withOutput(definition, contract, run, options);
  const overHttp = contract.http !== false;

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
      const text = await arrived();
      for (const { mark } of events) assert.ok(text.includes(mark), `${mark} did not arrive`);
      const found = text.match(MARK) ?? [];
      const marks = events.map(({ mark }) => mark);
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
          `it would try for ever to deliver ${Buffer.from(raw)}: ${JSON.stringify(result)}`,
        );
      }
    }),
  );

  if (overHttp) {
    test(
      'previews what it sends',
      withIt(async ({ output, deliver, contentOf, arrived }) => {
        if (output.preview === undefined) return;
        const events = markedEvents(1);
        const preview = output.preview(await contentOf(events));
        await deliver(events);
        assert.equal(await arrived(), preview);
      }),
    );
  }

  test('can be stopped without having delivered, and without having started', async () => {
    await withOutput(definition, contract, async () => {});
    await withOutput(definition, contract, async () => {}, { start: false });
  });

  if (definition.ordering !== 'partition') {
    test(
      'delivers two batches at once',
      withIt(async ({ deliver, arrived, facts }) => {
        if (facts.ordering === 'partition') return;
        const halves = [markedEvents(3), markedEvents(3, 3)];
        const results = await Promise.all(halves.map((events) => deliver(events)));
        for (const result of results) assert.equal(result.status, 'delivered', JSON.stringify(result));
        const text = await arrived();
        for (const { mark } of halves.flat()) assert.ok(text.includes(mark), `${mark} did not arrive`);
      }),
    );
  }

  if (
    definition.idempotent !== undefined &&
    definition.idempotent !== false &&
    contract.arrived !== undefined
  ) {
    test(
      'does no harm when a batch is delivered again',
      withIt(async ({ deliver, arrived, facts }) => {
        if (!facts.idempotent) return;
        const marksThere = async () => (await arrived()).match(MARK)?.length;
        await deliver(markedEvents(3));
        const once = await marksThere();
        const again = await deliver(markedEvents(3), neverAborts(), 2);
        assert.equal(again.status, 'delivered', `it answered ${JSON.stringify(again)}`);
        assert.equal(await marksThere(), once, 'the second delivery left something behind');
      }),
    );
  }

  const { hang, cut } = contract.faults ?? {};
  if (overHttp || hang !== undefined) {
    test(
      'settles within a second of the abort',
      withIt(async ({ deliver, destination, place, facts }) => {
        destination.answer('hang');
        await hang?.(place);
        await assertSettles(
          (signal) => deliver(markedEvents(1), signal),
          'deliver()',
          (result) => {
            if (facts.confirms) assert.notEqual(result.status, 'delivered', 'nothing was delivered');
          },
        );
      }),
    );
    test(
      'settles its start within a second of the abort',
      withIt(
        async ({ output, destination, place }) => {
          if (output.start === undefined) return;
          destination.answer('hang');
          await hang?.(place);
          await assertSettles((signal) => output.start!(signal).catch(() => {}), 'start()');
        },
        { start: false },
      ),
    );
  }
  if (cut !== undefined) {
    test(
      'retries a connection that is cut',
      withIt(async ({ deliver, place, facts }) => {
        await cut(place);
        const { status } = await deliver(markedEvents(2));
        // What confirms nothing need not learn that it reached nobody.
        const allowed = facts.confirms ? ['retry'] : ['retry', 'delivered'];
        assert.ok(allowed.includes(status), `it answered ${status}`);
      }),
    );
  }
  if (overHttp) testHttpFaults(definition, contract, test);
}

/** Starts the call, aborts it shortly after, and asserts that it settles in time. */
async function assertSettles<T>(
  begin: (signal: AbortSignal) => Promise<T>,
  what: string,
  expect: (result: T) => void = () => {},
): Promise<void> {
  const abort = new AbortController();
  const over = new AbortController();
  const work = begin(abort.signal);
  await systemClock.sleep(100);
  abort.abort();
  const late = systemClock.sleep(GRACE, over.signal).then(() => 'late' as const);
  const result = await Promise.race([work.then((value) => ({ value })), late]);
  over.abort();
  assert.notEqual(result, 'late', `${what} goes on after the abort: pass the signal on, or use abortable()`);
  expect((result as { value: T }).value);
}
