import type { Position } from '../../journal/journal.ts';
import { PositionBits } from '../../journal/position-bits.ts';
import type { DeadLetter } from './codec.ts';

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
  /** By output and epoch: positions of one journal say nothing of another. */
  const known = new Map<string, Promise<PositionBits>>();

  function knownOf(output: string, epoch: string, settled: Position): Promise<PositionBits> {
    const key = `${output}\0${epoch}`;
    let bits = known.get(key);
    if (bits === undefined) {
      bits = read(output, epoch, settled);
      known.set(key, bits);
      // Storage that could not be read is asked again by the next.
      bits.catch(() => known.delete(key));
    }
    return bits;
  }

  async function read(output: string, epoch: string, settled: Position): Promise<PositionBits> {
    const bits = new PositionBits();
    for await (const { event } of stored(output)) {
      if (event?.epoch === epoch && event.position > settled) bits.addRun(event.position);
    }
    return bits;
  }

  return {
    async missing(letters, settled) {
      const missing: DeadLetter[] = [];
      for (const letter of letters) {
        const { output, event } = letter;
        const bits = event && (await knownOf(output, event.epoch, settled));
        bits?.deleteRun(1, settled);
        if (event === undefined || !bits?.has(event.position)) missing.push(letter);
      }
      return missing;
    },
    async add(letters) {
      for (const { output, event } of letters) {
        if (event !== undefined) (await knownOf(output, event.epoch, 0)).addRun(event.position);
      }
    },
  };
}
