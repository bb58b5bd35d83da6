import { Counter, Gauge, type Registry } from 'prom-client';
import type { JournalStatus, Lost } from '../journal/journal.ts';

/** Read at each scrape. */
export interface StoredDeadLetters {
  readonly store: {
    /** Undefined until the dead letters from before the start are counted. */
    byOutput(): ReadonlyMap<string, { readonly letters: number; readonly bytes: number }> | undefined;
    lost(): Lost;
    status(): JournalStatus;
  };
  /** The outputs of the configuration: each has a series, all others share one. */
  readonly outputs: readonly string[];
}

/** Outputs that the configuration no longer has may still have dead letters; no name of an output looks like this. */
const REMOVED = '(removed)';

/** The metrics of the dead letters. */
export interface DeadLetterMetrics {
  /** Publishes the numbers of the stored dead letters to the registry. */
  publish(): void;
  /** Counts a notice that was written to the journal. @param output whose dead letters it tells of */
  noticed(output: string, target: string): void;
}

/** Registers the metrics of the dead letters. */
export function createDeadLetterMetrics(registry: Registry, ask: () => StoredDeadLetters): DeadLetterMetrics {
  const registers = [registry];
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers });
  const letters = gauge(
    'tiercel_dead_letters',
    'Dead letters on storage, waiting to be replayed or dropped; those of outputs that were removed stand under "(removed)". Absent until those of before the start have been counted.',
    'output',
  );
  const bytes = gauge('tiercel_dead_letters_event_bytes', 'Raw bytes of their events.', 'output');
  const stored = gauge('tiercel_dead_letters_stored_bytes', 'Bytes of all dead letters on storage.');
  const most = gauge(
    'tiercel_dead_letters_max_bytes',
    'The budget of the dead letters: dead_letters.max_size. An output that has one to write when it is used up stops, and loses nothing.',
  );
  const lost = new Counter({
    name: 'tiercel_dead_letters_lost_total',
    help: 'Dead letters that damage or removal of their files took. exact="true": counted one by one. exact="false": an upper bound. Above 0: look at the disk, then at tiercel journal check.',
    labelNames: ['exact'],
    registers,
  });
  const notices = new Counter({
    name: 'tiercel_dead_letter_notices_total',
    help: 'Events that tell the output `target` of dead letters of `output` (`on_dead_letter`). They are accepted events of `target`, and delivered like all others.',
    labelNames: ['output', 'target'],
    registers,
  });

  function publish(): void {
    const { store, outputs } = ask();
    for (const metric of [letters, bytes, lost]) metric.reset();
    const status = store.status();
    stored.set(status.bytes);
    most.set(status.maxBytes);
    const { exact, atMost } = store.lost();
    lost.inc({ exact: 'true' }, exact);
    lost.inc({ exact: 'false' }, atMost);
    const byOutput = store.byOutput();
    if (byOutput === undefined) return;
    for (const output of [...outputs, REMOVED]) {
      letters.set({ output }, 0);
      bytes.set({ output }, 0);
    }
    for (const [name, counts] of byOutput) {
      const output = outputs.includes(name) ? name : REMOVED;
      letters.inc({ output }, counts.letters);
      bytes.inc({ output }, counts.bytes);
    }
  }

  return { publish, noticed: (output, target) => notices.inc({ output, target }) };
}
