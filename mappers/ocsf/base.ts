import type { Event } from '../../core/index.ts';
import type { Fields } from './fields.ts';
import type { OcsfOptions } from './options.ts';
import { rawOf } from './raw.ts';
import type { CONFIDENCES } from './schema/finding.ts';
import type { OcsfVersion } from './schema/types.ts';
import { addUnmapped, fitted } from './unmapped.ts';

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

function labelsOf(tags: readonly string[], unmapped: Record<string, string>): string[] | undefined {
  const labels: string[] = [];
  for (const tag of tags) {
    const label = fitted(unmapped, 'tags', tag);
    if (label !== undefined) labels.push(label);
  }
  return labels.length > 0 ? labels : undefined;
}

/** The event's maturity tag as confidence, where the options ask for it. */
export function confidenceOf(
  tags: readonly string[],
  options: OcsfOptions,
): keyof typeof CONFIDENCES | undefined {
  if (options.confidence_from_maturity !== true) return undefined;
  if (tags.includes('maturity_stable')) return 3;
  if (tags.includes('maturity_incubating')) return 2;
  return tags.includes('maturity_sandbox') ? 1 : undefined;
}

/** `metadata` of the enriched records; the profiles are declared when the record is whole. */
export function metadataOf(event: Event, texts: Texts, fields: FieldMetadata, version: OcsfVersion) {
  const { source } = texts;
  return {
    version,
    product: {
      name: 'Falco',
      vendor_name: 'The Falco Project',
      version: fields.falcoVersion,
      feature: source === undefined ? undefined : { name: source },
    },
    uid: texts.uid,
    event_code: fields.eventCode,
    labels: texts.labels,
    log_name: source,
    log_provider: 'falco',
    logged_time: event.receivedAt,
    logged_time_dt: event.receivedAt,
    original_time: texts.originalTime,
    profiles: ['datetime'] as string[],
    sequence: fields.sequence,
  };
}

export interface FieldMetadata {
  readonly falcoVersion: string | undefined;
  readonly eventCode: string | undefined;
  readonly sequence: number | undefined;
}

/** Takes the fields that `metadata` has room for. */
export function fieldMetadata(fields: Fields): FieldMetadata {
  return {
    falcoVersion: fields.text('falco.version'),
    eventCode: fields.text('evt.type'),
    sequence: fields.int32('evt.num', 0),
  };
}
