import { createHash } from 'node:crypto';
import type { Event } from '../../../core/sdk/index.ts';
import { originalText } from '../../falco-fields/event.ts';
import { addUnmapped, type Fields } from '../../falco-fields/fields.ts';
import { MAX_TEXT } from '../schema/objects/types.ts';

/** The texts of an event as columns take them, and `unmapped` with all that no column took. */
export interface Texts {
  readonly rule: string;
  readonly uid: string;
  readonly output: string | undefined;
  readonly message: string | undefined;
  readonly source: string | undefined;
  readonly hostname: string | undefined;
  readonly originalTime: string | undefined;
  readonly labels: string[] | undefined;
  readonly rawData: string | undefined;
  readonly unmapped: Record<string, string>;
}

/** Call it when every field that has a column is taken. */
export function textsOf(event: Event, fields: Fields): Texts {
  const raw = rawOf(event.raw);
  // Without raw_data, unmapped is all there is of a value that says "no value".
  const unmapped = fields.rest(raw.text === undefined);
  const own = event.extra.message;
  const hasMessage = typeof own === 'string' && own !== '';
  for (const name in event.extra) {
    if (name !== 'message' || !hasMessage) addUnmapped(unmapped, name, event.extra[name]!);
  }
  const output = fitted(unmapped, 'output', event.output);
  const texts: Texts = {
    rule: event.rule,
    uid: event.id,
    output,
    message: hasMessage ? fitted(unmapped, 'message', own) : output,
    source: fitted(unmapped, 'source', event.source),
    hostname: fitted(unmapped, 'hostname', event.hostname),
    originalTime: fitted(unmapped, 'time', event.timeText),
    labels: labelsOf(event.tags, unmapped),
    rawData: raw.text,
    unmapped,
  };
  for (const name in raw.unmapped) addUnmapped(unmapped, name, raw.unmapped[name]!);
  return texts;
}

/** A text that fits a column and is not empty; one that is too long goes to `unmapped` under its own name. */
function fitted(unmapped: Record<string, string>, name: string, text: string): string | undefined {
  if (text.length > 0 && text.length <= MAX_TEXT) return text;
  if (text.length > 0) addUnmapped(unmapped, name, text);
  return undefined;
}

function labelsOf(tags: readonly string[], unmapped: Record<string, string>): string[] | undefined {
  const labels: string[] = [];
  for (const tag of tags) {
    const label = fitted(unmapped, 'tags', tag);
    if (label !== undefined) labels.push(label);
  }
  return labels.length > 0 ? labels : undefined;
}

/** The original bytes of an event, as what a record can hold. */
type Raw =
  | { readonly text: string; readonly unmapped?: undefined }
  | { readonly text?: undefined; readonly unmapped: Readonly<Record<string, string>> };

/**
 * The bytes as the text of `raw_data`. OCSF takes 65,535 characters of it, and only text: longer bytes go to
 * `unmapped["raw_data"]`, bytes that are not UTF-8 as base64 to `unmapped["raw_data_base64"]`, each with its
 * SHA-256 and length, so that the original can always be had back.
 */
function rawOf(bytes: Uint8Array): Raw {
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
