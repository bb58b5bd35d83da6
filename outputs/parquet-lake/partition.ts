import type { Event, FieldValue } from '../../core/sdk/index.ts';
import { fieldText, isMissing } from '../../core/sdk/index.ts';

/** How much of an event's time is in its partition. */
export type PartitionBy = 'hour' | 'day' | 'month' | 'none';

/**
 * The Hive partition of an instant, in UTC, as part of an object's key.
 *
 * @param time epoch milliseconds
 * @returns a rejection for a year that four digits cannot say
 * @example partitionKey(Date.UTC(2026, 0, 2, 3), 'hour') // 'day=2026-01-02/hour=03'
 */
export function partitionKey(time: number, by: PartitionBy): string | { readonly reject: string } {
  const date = new Date(time);
  if (date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) {
    return { reject: `the year ${date.getUTCFullYear()} has no partition` };
  }
  const text = date.toISOString();
  switch (by) {
    case 'hour':
      return `day=${text.slice(0, 10)}/hour=${text.slice(11, 13)}`;
    case 'day':
      return `day=${text.slice(0, 10)}`;
    case 'month':
      return `month=${text.slice(0, 7)}`;
    case 'none':
      return '';
  }
}

/** What Hive, and with it every query engine, writes for the partition of NULL. */
export const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';

/** Bytes of a value, escaped; with its column it must fit into the name of a folder. */
const MAX_BYTES = 180;

/** What an event says of itself, beside its output fields. */
const OWN = ['rule', 'priority', 'source', 'hostname'] as const;

/**
 * Refuses fields that would be one partition column, or a column of the records as well: engines could not tell them apart.
 *
 * @param taken names of columns that are there already
 * @throws Error that names the field
 */
export function checkFields(names: readonly string[], taken: readonly string[]): void {
  const columns = new Set(taken.map((name) => name.toLowerCase()));
  for (const name of names) {
    const column = columnOf(name);
    if (columns.has(column)) {
      throw new Error(
        `partition_fields: ${name} would be the column ${column}, which is there already: choose another field`,
      );
    }
    columns.add(column);
  }
}

/** Makes the Hive segments of an event, one for each field: `k8s_ns_name=prod/priority=Warning`; '' without fields. */
export type FieldSegments = (event: Event, time: string) => string;

/**
 * @param names of `rule`, `priority`, `source`, `hostname` and output fields
 * @param most different values in one time partition: what comes beyond has none. A sender who invents values makes that
 *   many objects at the most, and not one an event
 */
export function fieldSegments(names: readonly string[], most: number): FieldSegments {
  const nothing = names.map((name) => segment(name, undefined)).join('/');
  const seen = createBound(most);
  return (event, time) => {
    if (names.length === 0) return '';
    const segments = names.map((name) => segment(name, textOf(event, name))).join('/');
    return segments === nothing || seen(time, segments) ? segments : nothing;
  };
}

/** The partition column of a field: letters, digits and _ in lower case, as every engine takes them. */
export function columnOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_]+/g, '_');
}

/** `{column}={value}`, escaped as Hive does; one that is empty or too long for that is none. */
export function segment(name: string, value: string | undefined): string {
  const text = escaped(value ?? '');
  return `${columnOf(name)}=${text !== '' && Buffer.byteLength(text) <= MAX_BYTES ? text : NO_VALUE}`;
}

/** Hive's own list of characters, in Hive's own way: the engines undo it. */
function escaped(value: string): string {
  return value.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in a name
    /[\u0000-\u001f\u007f"#%'*/:=?\\{[\]^]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** The text of a field; undefined where the event does not have it, or has a list or an object there. */
function textOf(event: Event, name: string): string | undefined {
  const own = OWN.find((each) => each === name);
  const value: FieldValue | undefined = own === undefined ? event.fields[name] : event[own];
  if (isMissing(value)) return undefined;
  // A number that keeps its digits is an object too.
  if (typeof value === 'object' && !('literal' in value)) return undefined;
  return fieldText(value);
}

/** Time partitions that are looked after at once; late events bring old ones back. */
const TIMES = 16;

/** Tells whether a text is one of the first `most` of its time partition. Forgets: memory does not grow. */
function createBound(most: number): (time: string, text: string) => boolean {
  const times = new Map<string, Set<string>>();
  return (time, text) => {
    const texts = times.get(time) ?? new Set();
    times.delete(time);
    times.set(time, texts);
    if (times.size > TIMES) times.delete(times.keys().next().value!);
    if (texts.has(text)) return true;
    if (texts.size >= most) return false;
    texts.add(text);
    return true;
  };
}
