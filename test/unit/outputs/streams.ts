import { readdirSync } from 'node:fs';
import type { EventBlock, StreamedBatch } from '../../../core/sdk/index.ts';
import { batchOf } from './support.ts';

/** When the batches of {@link streamOf} were opened, and their events accepted. */
export const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

/** An event as Falco sends one, at an instant. */
export const eventText = (time: number, more: object = {}) =>
  JSON.stringify({
    uuid: crypto.randomUUID(),
    output: 'a shell was spawned',
    priority: 'Warning',
    rule: 'Terminal shell in container',
    time: new Date(time).toISOString(),
    source: 'syscall',
    hostname: 'host-1',
    output_fields: { 'evt.time': 1, 'proc.name': 'bash' },
    ...more,
  });

/** A streamed batch of some texts, in one block. */
export function streamOf(texts: readonly string[], partition: string): StreamedBatch {
  const { records: _, events: __, ...info } = batchOf(texts, { partition, openedAt: AT, events: [] });
  return {
    ...info,
    events() {
      throw new Error('this output reads blocks');
    },
    async *blocks(): AsyncIterable<EventBlock> {
      const parts = texts.map((text) => Buffer.from(text));
      const all = Buffer.concat(parts);
      let offset = 0;
      const entries = parts.flatMap((part, index) => {
        const entry = [index, AT, offset, part.byteLength];
        offset += part.byteLength;
        return entry;
      });
      const buffer = new ArrayBuffer(all.byteLength);
      new Uint8Array(buffer).set(all);
      yield { buffer, entries: Float64Array.from(entries) };
    },
  };
}

/** The Parquet files below a folder, relative to it. */
export const filesBelow = (folder: string) =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.parquet'));

/** The URL of a compiled mapper, as a worker thread wants it. */
export const compiledMapper = (name: string) =>
  new URL(`../../../dist/mappers/${name}`, import.meta.url).href;
