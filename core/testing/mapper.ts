import assert from 'node:assert/strict';
import { fits, type JsonSchema } from '../config/schema/json-schema.ts';
import type { AnyMapperDefinition } from '../config/schema/plugins.ts';
import type { Event } from '../event/event.ts';
import { checkDefinition } from '../plugins/check.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { TestFunction } from './contract.ts';
import { decodeEvent, markedEvents, oddEvents } from './events.ts';
import { decodedOptions } from './options.ts';

/** How a mapper is tested against the contract. */
export interface MapperContract {
  readonly test: TestFunction;
  /** Options in YAML spelling, decoded as the running program does; default none. */
  readonly options?: Record<string, unknown>;
  /** Further raw events, each of which must be mapped or refused with a reason. */
  readonly events?: readonly (string | Uint8Array)[];
}

/**
 * Tests a mapper against the contract: options are described, the same event always gives the same record, nothing throws, and
 * records fit the declared schema.
 *
 * @example testMapper(headline, { test })
 */
export function testMapper(definition: AnyMapperDefinition, contract: MapperContract): void {
  const { test } = contract;
  const made = () =>
    definition.create(decodedOptions(definition.options as JsonSchema, contract.options ?? {}), {
      log: silent,
    });
  const name = (what: string) => `${definition.type}: ${what}`;
  const events: readonly Event[] = [
    ...markedEvents(3).map(({ raw }) => raw),
    ...oddEvents(),
    ...(contract.events ?? []).map((event) => (typeof event === 'string' ? Buffer.from(event) : event)),
  ].map((raw) => decodeEvent(raw, Date.UTC(2026, 0, 2)));

  test(name('is a definition: described options, a closed schema'), async () => {
    assert.deepEqual(checkDefinition('mapper', definition), []);
  });

  test(name('maps every event or says why not'), async () => {
    const mapper = made();
    for (const event of events) {
      const mapped = mapper.map(event);
      if (!mapped.ok) assert.ok(mapped.reason.length > 0, 'an event is refused without a reason');
      else if (mapper.record !== undefined) {
        assert.ok(
          fits(mapper.record as JsonSchema, mapped.record),
          `the record of ${event.rule} does not fit its shape`,
        );
      }
    }
  });

  test(name('gives the same record every time, from another instance too'), async () => {
    const [first, second] = [made(), made()];
    for (const event of events) {
      assert.deepEqual(first.map(event), first.map(event));
      assert.deepEqual(second.map(event), first.map(event));
    }
  });
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
