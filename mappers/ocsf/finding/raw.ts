import { createHash } from 'node:crypto';
import { originalText } from '../../falco-fields/original.ts';
import { MAX_TEXT } from '../schema/objects/types.ts';

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
  const text = originalText(bytes);
  if (text !== undefined && text.length <= MAX_TEXT) return { text };
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
