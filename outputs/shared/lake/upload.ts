import type { Delivery, Logger, StreamedBatch } from '../../../core/sdk/index.ts';
import { delivered, retry } from '../../../core/sdk/index.ts';
import { createBatchFiles } from './files.ts';
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
   * writes nothing. The making of the file outlives the attempt: one after a failed upload finds it made, and one after a
   * timeout goes on waiting for it.
   *
   * @param key of the object; the same batch must have the same key on every attempt
   */
  upload(batch: StreamedBatch, key: string, signal: AbortSignal): Promise<Delivery>;
  /** Ends the encoder and closes the store. */
  close(): Promise<void>;
}

/** Makes an uploader; encoder and store are its own from here on. */
export function createUploader({ encoder, store, log }: UploaderOptions): Uploader {
  const files = createBatchFiles(encoder);

  async function put(
    { id, count }: StreamedBatch,
    key: string,
    { file, rows, failures }: EncodedBatch,
    signal: AbortSignal,
  ): Promise<Delivery> {
    const rejected = failures.length > 0 ? { rejected: failures } : {};
    if (file === undefined) {
      log.warn({ batch: id, events: count }, 'No event of the batch came to a row; nothing is uploaded');
      return delivered(rejected);
    }
    const answer = await store.put(key, file, { signal });
    if (answer.status !== 'delivered') return answer;
    const name = key.slice(key.lastIndexOf('/') + 1);
    const details = { store: store.describe(), key, rows, bytes: file.size, rejected: failures.length };
    // The words that Falcosidekick's users look for in their logs.
    log.info(details, `Upload parquet file ${name} OK (${rows} events)`);
    return delivered({ bytes: file.size, ...rejected });
  }

  return {
    async upload(batch, key, signal) {
      const encoded = await files.take(batch, signal);
      if (encoded === undefined) {
        return retry('the file is still being made; the next attempt goes on with it');
      }
      let settled = false;
      try {
        const answer = await put(batch, key, encoded, signal);
        settled = answer.status === 'delivered';
        return answer;
      } finally {
        if (settled) await files.remove(batch.id);
        else files.keep(batch.id);
      }
    },

    async close() {
      await files.close();
      store.close();
    },
  };
}
