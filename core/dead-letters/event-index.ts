import type { Position } from '../journal/journal.ts';
import { PositionBitmap } from '../journal/position-bitmap.ts';
import type { DeadLetter, EventIdentity } from './codec.ts';

/**
 * Which events already have a dead letter. An event may reach its output again after its dead letter was written: when a crash or
 * a stop comes before the acknowledgement. One bit an event, and only for events that are not settled.
 */
export interface EventIndex {
  /** The letters whose events have none yet. @param settled no event up to here is read again by their output */
  missing(letters: readonly DeadLetter[], settled: Position): Promise<readonly DeadLetter[]>;
  /** Adds letters that are on storage. */
  add(letters: readonly DeadLetter[]): Promise<void>;
}

/** @param stored the letters of an output on storage; read once, before this process writes the first letter of that output */
export function createEventIndex(stored: (output: string) => AsyncIterable<DeadLetter>): EventIndex {
  /** By output, then by {@link keyOf} the journal or segment. */
  const known = new Map<string, Promise<Map<string, PositionBitmap>>>();

  function knownOf(output: string, settled: Position): Promise<Map<string, PositionBitmap>> {
    let events = known.get(output);
    if (events === undefined) {
      events = read(output, settled);
      known.set(output, events);
      // A read that failed is tried again by the next call.
      events.catch(() => known.delete(output));
    }
    return events;
  }

  async function read(output: string, settled: Position): Promise<Map<string, PositionBitmap>> {
    const events = new Map<string, PositionBitmap>();
    for await (const { event } of stored(output)) {
      if (event !== undefined && event.position > settled) bitsOf(events, event).addRun(event.position);
    }
    return events;
  }

  return {
    async missing(letters, settled) {
      const missing: DeadLetter[] = [];
      for (const letter of letters) {
        const { output, event } = letter;
        const events = event && (await knownOf(output, settled));
        for (const bits of events?.values() ?? []) bits.deleteRun(1, settled);
        if (event === undefined || !events?.get(keyOf(event))?.has(event.position)) missing.push(letter);
      }
      return missing;
    },
    async add(letters) {
      for (const { output, event } of letters) {
        if (event !== undefined) bitsOf(await knownOf(output, 0), event).addRun(event.position);
      }
    },
  };
}

function bitsOf(events: Map<string, PositionBitmap>, event: EventIdentity): PositionBitmap {
  const key = keyOf(event);
  const bits = events.get(key) ?? new PositionBitmap();
  events.set(key, bits);
  return bits;
}

/** Events of segments written before 0.2, whose identity ends in a zero, have the epoch alone as key, as their letters have. */
function keyOf({ epoch, segment }: EventIdentity): string {
  return segment === undefined || segment.endsWith('.0') ? epoch : `${epoch} ${segment}`;
}
