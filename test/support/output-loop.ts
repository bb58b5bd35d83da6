import { openDeadLetterStore, type StoredDeadLetter } from '../../core/dead-letters/store.ts';
import { createOutputLoop, type OutputLoop } from '../../core/delivery/loop.ts';
import { DEFAULT_POLICY, type DeliveryPolicy } from '../../core/delivery/policy.ts';
import { createSlowClock } from '../../core/delivery/retry.ts';
import { createDecoder, noDecodeOptions } from '../../core/event/decode.ts';
import type { Event } from '../../core/event/event.ts';
import type { Journal } from '../../core/journal/journal.ts';
import { createMemoryJournal } from '../../core/journal/memory/journal.ts';
import type { BatchLimits } from '../../core/sdk/contract/batch.ts';
import type { Clock } from '../../core/sdk/contract/clock.ts';
import type { Logger } from '../../core/sdk/contract/logger.ts';
import type { Mapper } from '../../core/sdk/contract/mapper.ts';
import type { Output, StreamOutput } from '../../core/sdk/contract/output.ts';
import type { OutputObserver } from '../../core/telemetry/observer.ts';
import { rawEvent } from './events.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';

/** What an output's delivery told the outside. */
export interface Counts {
  delivered: number;
  /** Of those, events that no destination confirmed. */
  unconfirmed: number;
  deadLettered: number;
  dropped: number;
  lost: number;
  /** An upper bound. */
  maybeLost: number;
  causes: Record<string, number>;
  closed: Record<string, number>;
  states: string[];
}

export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Maps an event to its number `n`. */
export const numberMapper: Mapper<number> = {
  map: (event: Event) => ({ ok: true, record: Number(event.fields.n) }),
};

const decode = createDecoder(noDecodeOptions);

export interface LoopOptions {
  readonly name?: string;
  readonly type?: string;
  readonly limits?: BatchLimits;
  readonly policy?: Partial<DeliveryPolicy>;
  readonly mapper?: Mapper;
  readonly stream?: boolean;
  readonly log?: Logger;
}

/** A journal, a dead letter store and any number of outputs, on a fake clock unless another is given. */
export async function createWorld<C extends Clock = FakeClock>(
  options: { clock?: C; journal?: Journal; maxBytes?: number; deadLetterBytes?: number } = {},
) {
  const clock = options.clock ?? (createFakeClock() as unknown as C);
  const slowNow = createSlowClock(clock);
  const journal =
    options.journal ??
    createMemoryJournal(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes });
  const deadLetterJournal = createMemoryJournal(
    options.deadLetterBytes === undefined ? {} : { maxBytes: options.deadLetterBytes },
  );
  const deadLetters = await openDeadLetterStore(deadLetterJournal, clock);
  const outputs: string[] = [];
  let next = 0;

  return {
    clock,
    journal,
    deadLetters,
    /** Starts the loop of an output. */
    async run(output: Output<number> | StreamOutput, settings: LoopOptions = {}) {
      const {
        name = 'out',
        limits = { events: 10, every: 1000 },
        policy = {},
        mapper = numberMapper,
      } = settings;
      const counts = newCounts();
      const loop = createOutputLoop({
        name,
        type: settings.type ?? 'test',
        output: output as Output,
        stream: settings.stream ?? false,
        mapper,
        decode,
        limits,
        policy: { ...DEFAULT_POLICY, ...policy },
        journal,
        deadLetters,
        clock,
        slowNow,
        random: () => 1,
        observer: observerOf(counts),
        log: settings.log ?? silent,
      });
      await loop.start();
      outputs.push(name);
      return { loop, counts, identity: () => identity(loop, counts) };
    },
    /** Accepts so many events for all outputs that were ever run; the first has the number 0. */
    async accept(count: number, members: (n: number) => Record<string, unknown> = () => ({})): Promise<void> {
      const names = [...new Set(outputs)];
      await journal.append(
        Array.from({ length: count }, () => {
          const n = next++;
          return { raw: rawEvent(n, members(n)), receivedAt: clock.now(), outputs: names };
        }),
      );
    },
    async letters(): Promise<StoredDeadLetter[]> {
      const all: StoredDeadLetter[] = [];
      for await (const letter of deadLetters.list()) all.push(letter);
      return all;
    },
  };
}

/** The difference between what was accepted and all that became of it: 0, always. */
function identity(loop: OutputLoop, counts: Counts): number {
  const { accepted, pending } = loop.accounts();
  const { delivered, deadLettered, dropped, lost, maybeLost } = counts;
  return accepted - delivered - deadLettered - dropped - lost - maybeLost - pending;
}

function newCounts(): Counts {
  const numbers = { delivered: 0, unconfirmed: 0, deadLettered: 0, dropped: 0, lost: 0, maybeLost: 0 };
  return { ...numbers, causes: {}, closed: {}, states: [] };
}

function observerOf(counts: Counts): OutputObserver {
  const add = (record: Record<string, number>, key: string, n: number) => {
    record[key] = (record[key] ?? 0) + n;
  };
  return {
    delivered: (events, confirmed) => {
      counts.delivered += events;
      if (!confirmed) counts.unconfirmed += events;
    },
    deadLettered(events, cause) {
      counts.deadLettered += events;
      add(counts.causes, cause, events);
    },
    dropped: (events) => {
      counts.dropped += events;
    },
    lost(events, exact) {
      if (exact) counts.lost += events;
      else counts.maybeLost += events;
    },
    attempt() {},
    batchClosed: (reason) => add(counts.closed, reason, 1),
    unhandledRejection() {},
    health: (state) => counts.states.push(state),
  };
}

/** The number that a raw event carries. */
export function numberOf(raw: Uint8Array): number {
  return JSON.parse(new TextDecoder().decode(raw)).output_fields.n;
}
