import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Findings } from './findings.ts';
import { idOf } from './payload.ts';
import type { Place } from './place.ts';

/** The lake's objects: the rows of each are checked when it arrives, and only the numbers of its events are kept, in a file. */
export interface Lake {
  readonly place: Place;
  check(key: string, bytes: Buffer): Promise<void>;
  rows(): number;
  /** Reports the events that arrived more than once, each with the keys of its objects. */
  finish(): Promise<void>;
}

export interface LakeOptions {
  readonly place: Place;
  readonly findings: Pick<Findings, 'add'>;
  /** Where the numbers of the events of each object are kept: 4 bytes an event. */
  readonly index: string;
}

/** Duplicates that are remembered, to name their objects in the end. */
const REMEMBERED = 10;

export function createLake({ place, findings, index }: LakeOptions): Lake {
  const file = openSync(index, 'w');
  const keys: string[] = [];
  const twice = new Set<number>();
  let rows = 0;
  let repeats = 0;

  /** Reads the file once for the keys of the objects that hold these events. */
  async function objectsOf(events: ReadonlySet<number>): Promise<Map<number, string[]>> {
    const found = new Map<number, string[]>();
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of createReadStream(index)) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      let at = 0;
      for (;;) {
        if (rest.length - at < 8) break;
        const end = at + 8 + 4 * rest.readUInt32LE(at + 4);
        if (rest.length < end) break;
        const key = keys[rest.readUInt32LE(at)]!;
        for (let here = at + 8; here < end; here += 4) {
          const id = rest.readUInt32LE(here);
          if (events.has(id)) found.set(id, [...(found.get(id) ?? []), key]);
        }
        at = end;
      }
      rest = rest.subarray(at);
    }
    return found;
  }

  return {
    place,
    async check(key, bytes) {
      const day = /eventDay=(\d{8})\//.exec(key)?.[1];
      const records = await readRows(bytes).catch((error: Error) => {
        findings.add('the lake: an object that is not readable Parquet', `${key}: ${error.message}`);
        return [];
      });
      if (records.length === 0) findings.add('the lake: an object without rows', key);
      const ids = [keys.push(key) - 1, records.length];
      for (const [row, { raw_data: raw, time }] of records.entries()) {
        const id = idOf(raw);
        ids.push(id ?? 0xffff_ffff);
        if (place.take(id, raw, `row ${row} of ${key}`) > 0) {
          repeats += 1;
          if (twice.size < REMEMBERED) twice.add(id!);
        }
        const own = new Date(Number(time)).toISOString().slice(0, 10).replaceAll('-', '');
        if (own !== day) findings.add(`${place.name}: an event of another day`, `of ${own}, in ${key}`, id);
      }
      rows += records.length;
      writeSync(file, Uint32Array.from(ids));
    },
    rows: () => rows,
    async finish() {
      closeSync(file);
      if (repeats === 0) return;
      const objects = await objectsOf(twice);
      for (const [position, id] of [...twice].entries()) {
        const times = position === twice.size - 1 ? repeats - position : 1;
        const where = `in ${objects.get(id)?.join(' and ')}`;
        findings.add(`${place.name}: an event arrived twice`, where, id, times);
      }
    },
  };
}

async function readRows(bytes: Buffer): Promise<{ raw_data: string; time: bigint }[]> {
  const file = new Uint8Array(bytes).buffer;
  const rows = await parquetReadObjects({ file, compressors, columns: ['raw_data', 'time'] });
  return rows as { raw_data: string; time: bigint }[];
}
