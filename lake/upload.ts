import type { Delivery, Logger, StreamedBatch } from '../core/index.ts';
import { delivered } from '../core/index.ts';
import type { EncodedBatch, Encoder } from './parquet/encode.ts';
import type { ObjectStore } from './store/store.ts';

export interface UploaderOptions {
  readonly encoder: Encoder;
  readonly store: ObjectStore;
  readonly log: Logger;
}

/** Encodes batches and puts them into a store: what every lake output does with a batch once it has its key. */
export interface Uploader {
  /**
   * Writes a batch as one object. An event without a row is a rejected failure of the delivery; a batch without any row
   * writes nothing. An attempt after a failed upload finds the file already made.
   *
   * @param key of the object; the same batch must have the same key on every attempt
   */
  upload(batch: StreamedBatch, key: string, signal: AbortSignal): Promise<Delivery>;
  /** Ends the encoder and closes the store. */
  close(): Promise<void>;
}

/** Files that wait for their next attempt; what is beyond is made again. */
const KEPT = 8;

/** Makes an uploader; encoder and store are its own from here on. */
export function createUploader({ encoder, store, log }: UploaderOptions): Uploader {
  /** By batch id. */
  const kept = new Map<string, EncodedBatch>();

  const keep = async (id: string, encoded: EncodedBatch) => {
    kept.set(id, encoded);
    for (const [oldest, { remove }] of kept) {
      if (kept.size <= KEPT) break;
      kept.delete(oldest);
      await remove();
    }
  };

  return {
    async upload(batch, key, signal) {
      const encoded = kept.get(batch.id) ?? (await encoder.encode(batch, signal));
      kept.delete(batch.id);
      const { file, rows, failures, remove } = encoded;
      const rejected = failures.length > 0 ? { rejected: failures } : {};
      if (file === undefined) {
        await remove();
        log.warn(
          { batch: batch.id, events: batch.count },
          'No event of the batch came to a row; nothing is uploaded',
        );
        return delivered(rejected);
      }
      const put = await store.put(key, file, { signal });
      if (put.status !== 'delivered') {
        await keep(batch.id, encoded);
        return put;
      }
      await remove();
      const name = key.slice(key.lastIndexOf('/') + 1);
      const details = { store: store.describe(), key, rows, bytes: file.size, rejected: failures.length };
      // The words that Falcosidekick's users look for in their logs.
      log.info(details, `Upload parquet file ${name} OK (${rows} events)`);
      return delivered({ bytes: file.size, ...rejected });
    },

    async close() {
      await encoder.close();
      for (const { remove } of kept.values()) await remove();
      kept.clear();
      store.close();
    },
  };
}
