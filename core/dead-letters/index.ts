import type { Position } from '../journal/journal.ts';
import { PositionBitmap } from '../journal/position-bitmap.ts';
import type { DeadLetter, EventIdentity } from './codec.ts';

/**
 * Which events have their dead letter already, though their output may yet be given them again: a crash, or a stop, can
 * fall between the two. One bit an event, and only of those that are not settled.
 */
export interface Written {
  /** Those of the letters that are not there yet. @param settled no event up to here comes again to their output */
  missing(letters: readonly DeadLetter[], settled: Position): Promise<readonly DeadLetter[]>;
  /** These are on storage now. */
  add(letters: readonly DeadLetter[]): Promise<void>;
}

/** @param stored what is on storage for an output; read once, before its first letter of this process is written */
export function createWritten(stored: (output: string) => AsyncIterable<DeadLetter>): Written {
  /** By output, and then by what names events together with their position. */
  const known = new Map<string, Promise<Map<string, PositionBitmap>>>();

  function knownOf(output: string, settled: Position): Promise<Map<string, PositionBitmap>> {
    let events = known.get(output);
    if (events === undefined) {
      events = read(output, settled);
      known.set(output, events);
      // Storage that could not be read is asked again by the next.
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

/** The events of segments of before 0.2, whose identity ends in a zero, are named by the epoch alone, as their letters are. */
function keyOf({ epoch, segment }: EventIdentity): string {
  return segment === undefined || segment.endsWith('.0') ? epoch : `${epoch} ${segment}`;
}
