import { createHash } from 'node:crypto';
import { MAX_TEXT } from './schema/types.ts';

// A byte order mark is part of what was received.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The original bytes of an event, as what a record can hold. */
export type Raw =
  | { readonly text: string; readonly unmapped?: undefined }
  | { readonly text?: undefined; readonly unmapped: Readonly<Record<string, string>> };

/**
 * The bytes as the text of `raw_data`. OCSF takes 65,535 characters of it, and only text: longer bytes go to
 * `unmapped["raw_data"]`, bytes that are not UTF-8 as base64 to `unmapped["raw_data_base64"]`, each with its
 * SHA-256 and length, so that the original can always be had back.
 */
export function rawOf(bytes: Uint8Array): Raw {
  let text: string | undefined;
  try {
    text = decoder.decode(bytes);
    if (text.length <= MAX_TEXT) return { text };
  } catch {
    // Not UTF-8.
  }
  return {
    unmapped: {
      ...(text === undefined
        ? { raw_data_base64: Buffer.from(bytes).toString('base64') }
        : { raw_data: text }),
      raw_data_sha256: createHash('sha256').update(bytes).digest('hex'),
      raw_data_length: String(bytes.length),
    },
  };
}
