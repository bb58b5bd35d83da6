import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretsIn } from '../plugins/secrets.ts';
import { type Clock, systemClock } from '../sdk/contract/clock.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { withCleanup } from './cleanup.ts';
import type { OutputContract, Place } from './contract.ts';
import type { TestDestination } from './destination.ts';
import { MARK } from './events.ts';
import { type HttpDestination, startDestination } from './http-destination.ts';
import { type MadeOutput, type OutputSetup, withOutput } from './with-output.ts';

/** How long what an output sent without a confirmation may take to arrive, milliseconds. */
const TRAVEL = 1000;

/** A destination that was started for one test. */
export interface PlaceUnderTest {
  readonly place: Place;
  readonly destination: TestDestination;
  /** What the output is made with to deliver there. */
  readonly setup: OutputSetup;
}

/** An output made for one test, and its destination. */
export interface UnderTest extends MadeOutput, PlaceUnderTest {
  /** Texts that no reason and no log may contain. */
  readonly secrets: readonly string[];
  /** What arrived, decoded, a text for each message. Waits for the marks where the output confirms nothing. */
  arrived(marks?: readonly string[]): Promise<readonly string[]>;
  /** What arrived, as it is. */
  arrivedRaw(): Promise<readonly Buffer[]>;
}

/** Starts the destination of the contract in a folder of its own, runs the test, closes both. */
export function withPlace(
  contract: OutputContract,
  run: (underTest: PlaceUnderTest) => Promise<void>,
): Promise<void> {
  return withCleanup(async (defer) => {
    const directory = await mkdtemp(join(tmpdir(), 'tiercel-contract-'));
    defer(() => rm(directory, { recursive: true, force: true }));
    const destination = await startOf(contract, directory);
    defer(() => destination.close?.());
    const { port = 0, url = `127.0.0.1:${port}` } = destination;
    const tokenUrl = contract.destination === undefined ? (destination as HttpDestination).tokenUrl : '';
    const place = { url, tokenUrl, host: '127.0.0.1', port, directory };
    const setup: OutputSetup = {
      options: contract.options(place),
      ...(contract.mapper !== undefined && { mapper: contract.mapper }),
      ...(contract.packages !== undefined && { packages: contract.packages }),
      context: { configDir: directory, ...contract.context },
    };
    try {
      await run({ place, destination, setup });
    } catch (error) {
      throw destination.mistake?.() ?? error;
    }
    const mistake = destination.mistake?.();
    if (mistake !== undefined) throw mistake;
  });
}

async function startOf(contract: OutputContract, directory: string): Promise<TestDestination> {
  const { answer, decode, tokenLifetime } = contract;
  if (contract.destination === undefined)
    return startDestination({
      ...(answer && { answer }),
      ...(decode && { decode }),
      ...(tokenLifetime !== undefined && { tokenLifetime }),
    });
  try {
    return await contract.destination({ directory });
  } catch (error) {
    throw new Error(`the destination of the contract did not start: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** How an output is made for one test. */
export interface RunOptions {
  /** False: it is not started. */
  readonly start?: boolean;
  /** Makes the clock of the context out of that of the contract. */
  readonly clock?: (clock: Clock) => Clock;
}

function setupOf(setup: OutputSetup, start: boolean, clock: RunOptions['clock']): OutputSetup {
  if (clock === undefined) return { ...setup, start };
  return {
    ...setup,
    start,
    context: { ...setup.context, clock: clock(setup.context?.clock ?? systemClock) },
  };
}

/** Starts the destination, makes the output and starts it, runs the test, stops and closes all. */
export function withContract(
  definition: AnyOutputDefinition,
  contract: OutputContract,
  run: (underTest: UnderTest) => Promise<void>,
  { start = true, clock }: RunOptions = {},
): Promise<void> {
  return withPlace(contract, (underTest) =>
    withOutput(definition, setupOf(underTest.setup, start, clock), (made) =>
      run({
        ...made,
        ...underTest,
        secrets: secretsIn(definition.options, underTest.setup.options),
        arrived: (marks = []) => arrivedIn(underTest.destination, contract, made.facts.confirms ? [] : marks),
        arrivedRaw: () => rawIn(underTest.destination, contract),
      }),
    ),
  );
}

/** The destination of a contract over HTTP. */
export function httpOf({ destination }: PlaceUnderTest): HttpDestination {
  return destination as HttpDestination;
}

async function arrivedIn(
  destination: TestDestination,
  contract: OutputContract,
  marks: readonly string[],
): Promise<readonly string[]> {
  for (let waited = 0; ; waited += 20) {
    const texts = await textsIn(destination, contract);
    const found = new Set(texts.join('\n').match(MARK));
    if (waited >= TRAVEL || marks.every((mark) => found.has(mark))) return texts;
    await systemClock.sleep(20);
  }
}

async function textsIn(destination: TestDestination, contract: OutputContract): Promise<readonly string[]> {
  const messages = await partsIn(destination);
  // The HTTP server decodes each body when it comes, with its request.
  const { decode } = contract.destination === undefined ? {} : contract;
  return Promise.all(
    messages.map(async (message) => {
      if (decode === undefined)
        return typeof message === 'string' ? message : Buffer.from(message).toString();
      const text: unknown = await decode(Buffer.from(message as Uint8Array));
      assert.equal(typeof text, 'string', 'decode() of the contract gives no text');
      return text as string;
    }),
  );
}

async function rawIn(destination: TestDestination, contract: OutputContract): Promise<readonly Buffer[]> {
  if (contract.destination === undefined)
    return (destination as HttpDestination).requests.map(({ bytes }) => bytes);
  return (await partsIn(destination)).map((part) => Buffer.from(part as Uint8Array));
}

/** What arrived, in parts; nothing where the file of the destination is not there yet. */
async function partsIn(destination: TestDestination): Promise<readonly (string | Uint8Array)[]> {
  try {
    const arrived = await destination.arrived();
    return typeof arrived === 'string' || arrived instanceof Uint8Array ? [arrived] : arrived;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
