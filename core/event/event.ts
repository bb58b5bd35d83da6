import type { Priority } from './priority.ts';

/**
 * A value inside `output_fields`, exact to the last digit: an integer that a double cannot hold is a
 * `bigint`; a decimal whose text a double would not give back (`0.0`, `1e400`), or an integer of more than a hundred
 * digits, is a {@link Decimal}.
 */
export type FieldValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Decimal
  | readonly FieldValue[]
  | { readonly [key: string]: FieldValue };

/** A JSON number kept as it was written, because a double would print it differently. */
export interface Decimal {
  /** The literal as it stood in the JSON, `0.0` for example. */
  readonly literal: string;
  /** The nearest double. */
  valueOf(): number;
  toString(): string;
}

/**
 * One Falco alert as it was accepted: the raw bytes and a parsed, immutable view of them.
 * Enrichment (custom fields and tags) shows in the view; `raw` never changes.
 */
export interface Event {
  /** The event's own `uuid`, else a UUID derived from the raw bytes: the same bytes give the same id. */
  readonly id: string;
  /** The bytes as they were received. */
  readonly raw: Uint8Array;
  /** When it was accepted, epoch milliseconds. */
  readonly receivedAt: number;
  /** The event's `time`, floored to epoch milliseconds. */
  readonly time: number;
  /** The event's `time` as it was written, to the nanosecond. */
  readonly timeText: string;
  readonly rule: string;
  readonly priority: Priority;
  /** `''` where an old Falco sent none. */
  readonly source: string;
  /** `''` where an old Falco sent none. */
  readonly hostname: string;
  /** The formatted message; `''` when Falco was told to leave it out. */
  readonly output: string;
  /** In the event's order; empty when absent. */
  readonly tags: readonly string[];
  /** `output_fields`; empty when absent or null. A null-prototype object: `fields.constructor` is undefined. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Top-level members beyond those above (`message`, say). */
  readonly extra: Readonly<Record<string, FieldValue>>;
}

/**
 * Whether a field has no value. Falco and its plugins write `null`, `""`, `<NA>` or `N/A` (Falco's output formatters print
 * `<NA>`; plugins pass on the value of their source).
 *
 * @example
 * const pod = event.fields['k8s.pod.name'];
 * const labels = isMissing(pod) ? {} : { pod: fieldText(pod) };
 */
export function isMissing(value: FieldValue | undefined): value is Missing | undefined {
  return value === undefined || value === null || value === '' || value === '<NA>' || value === 'N/A';
}

type Missing = null | '' | '<NA>' | 'N/A';
