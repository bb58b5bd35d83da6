import assert from 'node:assert/strict';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import type { Delivery } from '../sdk/contract/verdicts.ts';
import { withCleanup } from './cleanup.ts';
import type { OutputContract, Place } from './contract.ts';
import { markedEvents } from './events.ts';
import { notTested } from './not-tested.ts';
import { withPlace } from './under-test.ts';
import { withOutput } from './with-output.ts';

/** A name that has no address, by RFC 6761. */
const NAME = 'no-such-host.invalid';
/** How many attempts an output has when the name has an address, and how long one may take, milliseconds. */
const RECOVERY = { attempts: 5, timeout: 5_000 };

/**
 * Registers the test of a name without an address, for outputs that get no confirmation: what has no address was not sent, and a
 * socket that could not look it up must not keep the next delivery from trying again.
 */
export function testNames(
  definition: AnyOutputDefinition,
  contract: OutputContract,
  register: (name: string, run: () => Promise<void>) => void,
): void {
  register('retries while the name of the destination has no address, and delivers when it has one', () =>
    withPlace(contract, ({ place, destination, setup }) =>
      withCleanup(async (defer) => {
        const elsewhere: Place = { ...place, host: NAME, url: place.url.replace(place.host, NAME) };
        const options = contract.options(elsewhere);
        if (JSON.stringify(options) === JSON.stringify(setup.options))
          throw notTested('the options do not depend on host or url');
        const names = fakeLookups();
        defer(() => names.restore());
        await withOutput(definition, { ...setup, options, start: false }, async (made) => {
          if (made.facts.confirms) throw notTested('it gets confirmations with these options');
          const attempt = (number: number): Promise<Delivery> =>
            made.deliver(markedEvents(1), {
              signal: AbortSignal.timeout(RECOVERY.timeout),
              attempt: number,
            });
          await made.output.start?.(AbortSignal.timeout(RECOVERY.timeout)).catch(() => {});
          for (const number of [1, 2]) {
            const result = await attempt(number);
            assert.equal(
              result.status,
              'retry',
              `${NAME} has no address, and it answered ${JSON.stringify(result)}`,
            );
          }
          if (!names.areFaked || destination.byName !== true) return;
          names.resolve();
          let last: Delivery | undefined;
          for (let number = 3; number < 3 + RECOVERY.attempts; number++) {
            last = await attempt(number);
            if (last.status === 'delivered') return;
          }
          assert.fail(`the name has an address now, and the last result is ${JSON.stringify(last)}`);
        });
      }),
    ),
  );
}

/** Look-ups of {@link NAME} that a test decides: no address, until `resolve` makes it 127.0.0.1. Node only. */
function fakeLookups() {
  const areFaked = process.versions.deno === undefined && process.versions.bun === undefined;
  const real = { lookup: dns.lookup, promised: dns.promises.lookup };
  let isKnown = false;

  /** @throws Error as the resolver does */
  function addressFor(family: unknown): dns.LookupAddress {
    if (isKnown && family !== 6 && family !== 'IPv6') return { address: '127.0.0.1', family: 4 };
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${NAME}`), { code: 'ENOTFOUND', hostname: NAME });
  }
  const optionsOf = (given: unknown): dns.LookupOptions =>
    typeof given === 'object' && given !== null ? given : { family: Number(given ?? 0) };
  function lookup(name: string, ...rest: unknown[]): unknown {
    if (name !== NAME) return Reflect.apply(real.lookup, dns, [name, ...rest]);
    const callback = rest.at(-1) as (error: Error | null, address?: unknown, family?: number) => void;
    const { all = false, family } = optionsOf(rest.length > 1 ? rest[0] : undefined);
    // As the resolver, never before the caller has returned.
    setImmediate(() => {
      let found: dns.LookupAddress;
      try {
        found = addressFor(family);
      } catch (error) {
        callback(error as Error);
        return;
      }
      if (all) callback(null, [found]);
      else callback(null, found.address, found.family);
    });
    return undefined;
  }
  async function promised(name: string, given?: unknown): Promise<unknown> {
    if (name !== NAME) return Reflect.apply(real.promised, dns.promises, [name, given]);
    const { all = false, family } = optionsOf(given);
    const found = addressFor(family);
    return all ? [found] : found;
  }
  const use = (by: { lookup: unknown; promised: unknown }) => {
    if (!areFaked) return;
    Object.assign(dns, { lookup: by.lookup });
    Object.assign(dns.promises, { lookup: by.promised });
    syncBuiltinESMExports();
  };
  use({ lookup, promised });
  return {
    areFaked,
    resolve: () => {
      isKnown = true;
    },
    restore: () => use(real),
  };
}
