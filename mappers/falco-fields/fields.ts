import { isIP } from 'node:net';
import { type FieldValue, fieldText, isDecimal, isMissing } from '../../core/sdk/index.ts';

const INT32_MAX = 2_147_483_647;
const DOT = '.'.charCodeAt(0);

/**
 * The output fields of one event, each to be used once. A mapper takes the fields that it maps; fields that are not taken go to
 * `unmapped`, and so do values that do not fit their column.
 */
export class Fields {
  readonly #fields: Readonly<Record<string, FieldValue>>;
  readonly #maxText: number;
  readonly #taken = new Set<string>();
  #families: Set<string> | undefined;

  /** @param maxText the longest text that a column takes */
  constructor(fields: Readonly<Record<string, FieldValue>>, maxText = Number.POSITIVE_INFINITY) {
    this.#fields = fields;
    this.#maxText = maxText;
  }

  /** True when there is a field of this family, such as `ka.verb` of `ka`. */
  has(family: string): boolean {
    if (this.#families === undefined) {
      this.#families = new Set();
      let last = '';
      for (const key in this.#fields) {
        // Falco sorts the fields, so most have the family of the previous one (3 % of a record in bench/cases/event.ts).
        if (key.startsWith(last) && key.charCodeAt(last.length) === DOT) continue;
        const dot = key.indexOf('.');
        if (dot <= 0) continue;
        last = key.slice(0, dot);
        this.#families.add(last);
      }
    }
    return this.#families.has(family);
  }

  /** The names of all fields, in the order of the event. */
  names(): string[] {
    return Object.keys(this.#fields);
  }

  /** A text, or a single value as text, without taking it; undefined where it is missing or too long. */
  peek(key: string): string | undefined {
    const value = this.#fields[key];
    if (value === undefined || isMissing(value)) return undefined;
    if (typeof value === 'object' && !isDecimal(value)) return undefined;
    const text = fieldText(value);
    return text.length > this.#maxText ? undefined : text;
  }

  /** Is the value a list or an object? */
  isNested(key: string): boolean {
    const value = this.#fields[key];
    return typeof value === 'object' && value !== null && !isDecimal(value);
  }

  /** Marks fields as mapped. */
  take(...keys: string[]): void {
    for (const key of keys) this.#taken.add(key);
  }

  /** Marks those fields as mapped that {@link peek} has a text of: a list or an object was not mapped with them. */
  takeTexts(...keys: string[]): void {
    for (const key of keys) this.text(key);
  }

  /** Takes a text, or a single value as text. */
  text(key: string): string | undefined {
    const text = this.peek(key);
    if (text !== undefined) this.#taken.add(key);
    return text;
  }

  /** Takes the first of several fields that has a text. */
  first(...keys: string[]): string | undefined {
    for (const key of keys) {
      const text = this.text(key);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  /** Takes a text that fits: a pattern, a test. */
  textIf(key: string, fits: (text: string) => boolean): string | undefined {
    const text = this.peek(key);
    if (text === undefined || !fits(text)) return undefined;
    this.#taken.add(key);
    return text;
  }

  /** Takes an integer of 32 bits, also where it is written as text. */
  int32(key: string, min = -INT32_MAX - 1, max = INT32_MAX): number | undefined {
    const value = this.#fields[key];
    const number = typeof value === 'string' && /^(0|-?[1-9]\d{0,9})$/.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max)
      return undefined;
    if (Object.is(number, -0)) return undefined;
    this.#taken.add(key);
    return number;
  }

  /** A list of texts, without taking it; Falco before 0.32 wrote `(a,b)`. */
  peekList(key: string, fits: (text: string) => boolean = () => true): string[] | undefined {
    const items = this.#items(key);
    if (items === undefined || items.length === 0) return undefined;
    const whole = items.every((item) => item.length <= this.#maxText && !isMissing(item) && fits(item));
    return whole ? items : undefined;
  }

  /** Takes a list of texts. */
  list(key: string, fits?: (text: string) => boolean): string[] | undefined {
    const items = this.peekList(key, fits);
    if (items !== undefined) this.#taken.add(key);
    return items;
  }

  #items(key: string): string[] | undefined {
    const value = this.#fields[key];
    if (Array.isArray(value)) return value.every((item) => typeof item === 'string') ? value : undefined;
    if (typeof value !== 'string' || isMissing(value)) return undefined;
    return value.startsWith('(') && value.endsWith(')') ? value.slice(1, -1).split(',') : [value];
  }

  /** Takes fields that only repeat a value that is mapped already. */
  takeIfEqual(value: string | undefined, ...keys: string[]): void {
    if (value === undefined) return;
    for (const key of keys) if (this.peek(key) === value) this.#taken.add(key);
  }

  /**
   * The fields that were not taken, as text.
   *
   * @param missing with the fields that have no value: their null, `""` or `<NA>` as it was written
   */
  rest(missing: boolean): Record<string, string> {
    const rest: Record<string, string> = Object.create(null);
    for (const key in this.#fields) {
      if (this.#taken.has(key)) continue;
      const value = this.#fields[key]!;
      if (missing || !isMissing(value)) rest[key] = fieldText(value);
    }
    return rest;
  }
}

/** Adds a value that is not an output field to `unmapped`, with a prefix where a field has the name already. */
export function addUnmapped(unmapped: Record<string, string>, name: string, value: FieldValue): void {
  let key = name;
  while (key in unmapped) key = `event.${key}`;
  unmapped[key] = fieldText(value);
}

/** True for an IP address without a zone (`fe80::1%eth0`), which neither OCSF nor ECS accepts. */
export const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%');
