import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { eventOf, idOf } from './payload.ts';
import type { ObjectTarget } from './targets/s3.ts';

/** What the lake holds after the run. */
export interface LakeContent {
  readonly rows: number;
  /** How many rows each event has. */
  readonly arrived: ReadonlyMap<number, number>;
  readonly violations: readonly string[];
}

/** Reads every object back and holds each row against the event it came from. */
export async function readLake(seed: number, { objects, violations }: ObjectTarget): Promise<LakeContent> {
  const arrived = new Map<number, number>();
  const wrong = [...violations];
  let rows = 0;
  for (const [key, bytes] of objects) {
    const day = /eventDay=(\d{8})\//.exec(key)?.[1];
    const file = new Uint8Array(bytes).buffer;
    const records = (await parquetReadObjects({ file, compressors, columns: ['raw_data', 'time'] })) as {
      raw_data: string;
      time: bigint;
    }[];
    if (records.length === 0) wrong.push(`${key}: no rows`);
    for (const { raw_data: raw, time } of records) {
      rows += 1;
      const id = idOf(raw) ?? -1;
      arrived.set(id, (arrived.get(id) ?? 0) + 1);
      if (raw !== eventOf(seed, id)) wrong.push(`${key}: event ${id} was altered`);
      const own = new Date(Number(time)).toISOString().slice(0, 10).replaceAll('-', '');
      if (own !== day) wrong.push(`${key}: event ${id} is of ${own}`);
    }
  }
  return { rows, arrived, violations: wrong };
}
