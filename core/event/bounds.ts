import { closingQuote } from './exact.ts';

/** Objects and arrays inside one another, the event itself included. Falco's own reach 3. */
export const MAX_DEPTH = 100;

/**
 * Commas and opening brackets of one event, those in its texts not counted. Falco's own reach a few hundred. A text of
 * nothing but small values takes JSON.parse up to 30 times as long as a text of the same size with real events.
 */
export const MAX_VALUES = 65_536;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What of a text exceeds the bounds: the top-level member that is nested too deep, if it has a name, or the number of values. */
export type BoundsFault =
  | { readonly kind: 'depth'; readonly member: string | undefined }
  | { readonly kind: 'values' };

/**
 * Checks a text before JSON.parse reads it: nested brackets keep JSON.parse busy for seconds, and the text need not be
 * JSON for it. Takes time in proportion to the text. An ordinary event is not scanned: its brackets are few, and its
 * length says that its values are.
 */
export function boundsFault(text: string): BoundsFault | undefined {
  const few = count(text, '{') + count(text, '[') <= MAX_DEPTH;
  return few && text.length <= MAX_VALUES ? undefined : scan(text);
}

/** How often a character occurs; stops counting where it is enough to look closer. */
function count(text: string, character: string): number {
  let found = 0;
  for (let i = text.indexOf(character); i >= 0 && found <= MAX_DEPTH; i = text.indexOf(character, i + 1))
    found++;
  return found;
}

function scan(text: string): BoundsFault | undefined {
  let depth = 0;
  let values = 0;
  // The string met last at the top level: before a value it is the value's name.
  let nameStart = 0;
  let nameEnd = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = closingQuote(text, i);
      // The text ends inside a string: JSON.parse stops there too, and what is before is within bounds.
      if (end < 0) return undefined;
      if (depth === 1) {
        nameStart = i + 1;
        nameEnd = end;
      }
      i = end;
    } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (++depth > MAX_DEPTH) {
        return { kind: 'depth', member: nameEnd > 0 ? nameOf(text.slice(nameStart, nameEnd)) : undefined };
      }
      if (++values > MAX_VALUES) return { kind: 'values' };
    } else if (code === COMMA) {
      if (++values > MAX_VALUES) return { kind: 'values' };
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
      depth--;
    }
  }
  return undefined;
}

/** A name as it was written, in a length that fits an error message. */
function nameOf(written: string): string {
  return written.length > 100 ? `${written.slice(0, 100)}…` : written;
}
