import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../batching/clock.ts';
import { decodeScalars } from '../config/decode.ts';
import { fits, type JsonSchema } from '../config/json-schema.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { noDecodeOptions } from '../event/decode.ts';
import { eventToJson } from '../event/encode.ts';
import { checkDefinition } from '../plugins/check.ts';
import type { Mapper } from '../plugins/mapper.ts';
import type { AnyOutputDefinition, Output, OutputContext } from '../plugins/output.ts';
import type { AnyMapperDefinition } from '../plugins/registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import { batchOf, type MarkedBatch } from './batches.ts';
import { type Destination, startDestination } from './destination.ts';

/** vitest's, node:test's or Deno's `test`. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown;

/** Where the output under test delivers to. */
export interface Place {
  /** A real HTTP server on the loopback. */
  readonly url: string;
  /** An empty folder. */
  readonly directory: string;
}

/** How one output is held against the contract. */
export interface OutputContract {
  readonly test: TestFunction;
  /** Working options, in YAML spelling, for a destination at this place. */
  options(place: Place): Record<string, unknown>;
  /** The mapper its records come from; default: the event as received, as JSON text. */
  readonly mapper?: {
    readonly definition: AnyMapperDefinition;
    readonly options: Record<string, unknown>;
    /** The URL of its compiled module: an output that maps on another thread imports it. */
    readonly module?: string;
  };
  /** False for an output that does not deliver over HTTP to `url`: faults of a server are then not tried. Default true. */
  readonly http?: boolean;
  /** Everything that arrived, as one text in which the marks are looked for. Default: the bodies of the requests. */
  arrived?(place: Place, destination: Destination): Promise<string>;
  /** What the destination answers when all is well, where 200 with `{}` will not do. */
  readonly answer?: Parameters<Destination['answer']>[0];
}

const GRACE_MS = 1000;

/**
 * Holds an output against the contract: options described, examples valid, every record delivered and nothing invented,
 * refusals and outages told apart, `Retry-After` honoured, an abort settled within a second, no secret in a reason.
 *
 * @example
 * import { test } from 'node:test';
 * testOutput(tickets, { test, options: ({ url }) => ({ url }) });
 */
export function testOutput(definition: AnyOutputDefinition, contract: OutputContract): void {
  const { test } = contract;
  const name = (what: string) => `${definition.type}: ${what}`;
  const overHttp = contract.http !== false;

  test(name('is a definition: described options, a closed schema, a batch that closes'), async () => {
    assert.deepEqual(checkDefinition('output', definition), []);
  });

  test(name('has valid examples'), async () => {
    assert.ok(definition.examples.length > 0, 'there is no example');
    for (const { title, options } of definition.examples) {
      assert.ok(
        fits(definition.options as JsonSchema, options),
        `the example "${title}" does not fit the options`,
      );
    }
  });

  test(name('delivers every record once and invents none'), () =>
    withOutput(definition, contract, async ({ output, batch, arrived }) => {
      await output.start?.(calm());
      const { value, marks } = batch(3);
      const result = await output.deliver(value, calm());
      await output.stop?.(calm());
      assert.equal(result.status, 'delivered', `it answered ${JSON.stringify(result)}`);
      const text = await arrived();
      for (const mark of marks) assert.ok(text.includes(mark), `${mark} did not arrive`);
      const found = new Set(text.match(/contract-mark-\d+/g));
      assert.deepEqual([...found].sort(), marks, 'something arrived that was not sent');
    }),
  );

  test(name('can be stopped without having delivered'), () =>
    withOutput(definition, contract, async ({ output }) => {
      await output.start?.(calm());
      await output.stop?.(calm());
    }),
  );

  if (definition.idempotent === true && contract.arrived !== undefined) {
    test(name('does no harm when a batch is delivered again'), () =>
      withOutput(definition, contract, async ({ output, batch, arrived }) => {
        await output.start?.(calm());
        const marksThere = async () => (await arrived()).match(/contract-mark-\d+/g)?.length;
        await output.deliver(batch(3).value, calm());
        const once = await marksThere();
        const again = await output.deliver({ ...batch(3).value, attempt: 2 }, calm());
        await output.stop?.(calm());
        assert.equal(again.status, 'delivered', `it answered ${JSON.stringify(again)}`);
        assert.equal(await marksThere(), once, 'the second delivery left something behind');
      }),
    );
  }

  if (!overHttp) return;

  const faults: readonly [
    what: string,
    answer: Parameters<Destination['answer']>[0],
    expect: (d: Delivery) => void,
  ][] = [
    ['retries a 503', { status: 503 }, (d) => assert.equal(d.status, 'retry')],
    [
      'leaves a destination alone for its Retry-After',
      { status: 429, headers: { 'retry-after': '7' } },
      (d) => assert.equal(d.status === 'retry' && d.after, 7000),
    ],
    [
      'takes refused credentials for a denial, not for bad records',
      { status: 401 },
      (d) => assert.equal(d.status === 'retry' && d.denied, true),
    ],
    ['keeps events when the page is missing', { status: 404 }, (d) => assert.equal(d.status, 'retry')],
    ['retries a connection that is cut', 'reset', (d) => assert.equal(d.status, 'retry')],
    [
      'loses no record when the content is refused',
      { status: 400 },
      (d) => assert.ok(d.status !== 'delivered' || d.rejected?.length === 2, 'refused, and called delivered'),
    ],
  ];
  for (const [what, answer, expect] of faults) {
    test(name(what), () =>
      withOutput(definition, contract, async ({ output, batch, destination }) => {
        await output.start?.(calm());
        destination.answer(answer);
        const result = await settle(output.deliver(batch(2).value, calm()));
        expect(result);
        assertIndexes(result, 2);
        await output.stop?.(calm());
      }),
    );
  }

  test(name('checks what is there, and throws when it is not'), () =>
    withOutput(definition, contract, async ({ output, destination }) => {
      if (output.check === undefined) return;
      await output.check(calm());
      destination.answer('reset');
      await assert.rejects(
        output.check(calm()),
        'check() passed though the destination cuts every connection',
      );
      await output.stop?.(calm());
    }),
  );

  test(name('settles within a second of the abort'), () =>
    withOutput(definition, contract, async ({ output, batch, destination }) => {
      await output.start?.(calm());
      destination.answer('hang');
      const controller = new AbortController();
      const delivery = settle(output.deliver(batch(1).value, controller.signal));
      await systemClock.sleep(100);
      controller.abort();
      const late = systemClock.sleep(GRACE_MS).then(() => 'late' as const);
      const result = await Promise.race([delivery, late]);
      assert.notEqual(result, 'late', 'deliver() goes on after the abort: pass the signal on');
      assert.notEqual((result as Delivery).status, 'delivered', 'nothing was delivered');
      await output.stop?.(calm());
    }),
  );

  test(name('shows no secret when the destination fails'), () =>
    withOutput(definition, contract, async ({ output, batch, destination, options, logged }) => {
      await output.start?.(calm());
      destination.answer({ status: 500, body: 'no' });
      const result = await settle(output.deliver(batch(1).value, calm()));
      await output.stop?.(calm());
      const said = JSON.stringify(result) + logged.join('\n');
      for (const value of secretsIn(definition.options as JsonSchema, options)) {
        assert.ok(!said.includes(value), 'a secret option is in the reason or the log');
      }
    }),
  );
}

interface UnderTest {
  readonly output: Output;
  readonly destination: Destination;
  readonly options: Record<string, unknown>;
  readonly logged: readonly string[];
  batch(count: number): MarkedBatch;
  arrived(): Promise<string>;
}

async function withOutput(
  definition: AnyOutputDefinition,
  contract: OutputContract,
  run: (underTest: UnderTest) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tiercel-contract-'));
  const destination = await startDestination();
  if (contract.answer !== undefined) destination.answer(contract.answer);
  const place = { url: destination.url, directory };
  const options = contract.options(place);
  const logged: string[] = [];
  const {
    definition: mapping,
    options: mapperOptions = {},
    module = import.meta.url,
  } = contract.mapper ?? {};
  const mapper: Mapper = mapping?.create(mapperOptions, { log: recorder(logged) }) ?? asReceived;
  const context: OutputContext = {
    name: 'under_test',
    log: recorder(logged),
    clock: systemClock,
    fetch: globalThis.fetch,
    stateDir: directory,
    configDir: directory,
    mapper,
    mapperRef: { type: mapping?.type ?? 'as_received', module, options: mapperOptions },
    decode: noDecodeOptions,
  };
  assert.ok(
    fits(definition.options as JsonSchema, options),
    'the options of the contract do not fit the definition',
  );
  const output = definition.create(
    decodeScalars(definition.options as JsonSchema, options),
    context,
  ) as Output;
  try {
    await run({
      output,
      destination,
      options,
      logged,
      batch: (count) => batchOf(count, mapper, output),
      arrived: () =>
        contract.arrived?.(place, destination) ??
        Promise.resolve(destination.requests.map(({ body }) => body).join('\n')),
    });
  } finally {
    await destination.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The event as received, as JSON text: what the built-in mapper `falco` makes. */
const asReceived: Mapper<string> = {
  record: { type: 'string', contentMediaType: 'application/json' },
  map: (event) => ({ ok: true, record: eventToJson(event) }),
};

/** Every index it names is a record's, and none is both tried again and set aside. */
function assertIndexes(delivery: Delivery, count: number): void {
  const named = [
    ...(delivery.status === 'retry' ? (delivery.failed ?? []) : []),
    ...(delivery.status === 'rejected' ? [] : (delivery.rejected ?? []).map(({ index }) => index)),
  ];
  assert.equal(new Set(named).size, named.length, 'a record is named twice');
  for (const index of named) assert.ok(index >= 0 && index < count, `there is no record ${index}`);
}

/** As the framework takes it: a throw is a retry. */
async function settle(delivery: Promise<Delivery>): Promise<Delivery> {
  try {
    return await delivery;
  } catch (error) {
    return { status: 'retry', reason: error instanceof Error ? error.message : String(error) };
  }
}

function calm(): AbortSignal {
  return new AbortController().signal;
}

function recorder(lines: string[]): Logger {
  const write = (details: object | string, message?: string) => {
    lines.push(typeof details === 'string' ? details : `${JSON.stringify(details)} ${message}`);
  };
  return { debug: write, info: write, warn: write, error: write };
}

/** The values of all options that are marked secret. */
function secretsIn(schema: JsonSchema, value: unknown): string[] {
  if (schema.secret === true && typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => secretsIn(schema.properties?.[key] ?? {}, member));
}
