import type { Event } from '../../../../core/event/event.ts';
import { type AppOptions, createApp } from '../../../../core/http/app.ts';
import { type BodiesOptions, createBodies } from '../../../../core/http/body.ts';
import { createIngest } from '../../../../core/http/ingest.ts';
import { createRefusalLog } from '../../../../core/http/refusal-log.ts';
import type { Journal } from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { type Clock, systemClock } from '../../../../core/sdk/contract/clock.ts';
import { createLogger } from '../../../../core/telemetry/log.ts';
import type { IngestObserver } from '../../../../core/telemetry/observer.ts';

export const EVENT =
  '{"output_fields":{"evt.time":1783762698682419669},"priority":"Notice","rule":"R","time":"2026-07-11T09:44:58.682419669Z"}';

/** The whole way in on a real journal in memory, and what it held. */
export async function setup(
  options: {
    journal?: Partial<Journal>;
    maxBytes?: number;
    maxBody?: number;
    maxWait?: number;
    clock?: Clock;
    outputs?: readonly string[];
    bodies?: Partial<BodiesOptions>;
    app?: Partial<AppOptions>;
  } = {},
) {
  const lines: string[] = [];
  const log = createLogger({
    level: 'debug',
    format: 'json',
    secrets: [],
    destination: { write: (line) => lines.push(line) },
  });
  const real = createMemoryJournal({ maxBytes: options.maxBytes ?? 1 << 24 });
  const journal: Journal = Object.assign(Object.create(real), real, options.journal);
  const subscription = await real.subscribe('lake');
  const counts = {
    received: 0,
    unrouted: 0,
    invalid: 0,
    slow: 0,
    full: 0,
    failed: 0,
    unauthorized: 0,
    wrong_path: 0,
  };
  const series = { events: 0 };
  const observer: IngestObserver = {
    seriesOf: () => series,
    received: (all) => {
      counts.received += all.length;
    },
    unrouted: (events) => {
      counts.unrouted += events;
    },
  };
  const maxBody = options.maxBody ?? 1 << 20;
  const ingest = createIngest({
    journal,
    route: (_: Event) => options.outputs ?? ['lake'],
    enrich: (event) => event,
    clock: options.clock ?? systemClock,
    maxWait: options.maxWait ?? 1000,
    observer,
    queued: () => (event, outputs) => log.debug({ event: event.id, outputs }, 'event queued'),
  });
  const bodies = createBodies({ maxBody, maxWait: options.maxWait ?? 1000, ...options.bodies });
  const noteRefusal = createRefusalLog({
    count: (reason, events) => {
      counts[reason] += events;
    },
    log,
  });
  const app = createApp({
    ingest,
    admin: {
      metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'tiercel_up 1\n' }),
      outputs: () => [
        { name: 'lake', type: 'stdout', state: 'ok', since: 0, pending: subscription.pending() },
      ],
    },
    readiness: () => ({ ready: true, reasons: [], outputs: [] }),
    bodies,
    noteRefusal,
    log,
    ...options.app,
  });
  /** The texts the journal holds for `lake`. */
  const stored = async (): Promise<string[]> => {
    if (subscription.caughtUp()) return [];
    const limits = { events: 1_000_000, bytes: 1 << 30 };
    const events = await subscription.read(limits, AbortSignal.timeout(1000));
    return events.map(({ raw }) => Buffer.from(raw).toString());
  };
  return { app, ingest, bodies, noteRefusal, stored, counts, lines, journal, subscription, maxBody, log };
}
