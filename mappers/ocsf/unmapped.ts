import { type FieldValue, fieldText } from '../../core/index.ts';
import { MAX_TEXT } from './schema/types.ts';

/** Adds to `unmapped` what is no output field; where a field has the name already, the name gets a prefix. */
export function addUnmapped(unmapped: Record<string, string>, name: string, value: FieldValue): void {
  let key = name;
  while (key in unmapped) key = `event.${key}`;
  unmapped[key] = fieldText(value);
}

/** A text that fits a column and is not empty; one that is too long goes to `unmapped` under its own name. */
export function fitted(unmapped: Record<string, string>, name: string, text: string): string | undefined {
  if (text.length > 0 && text.length <= MAX_TEXT) return text;
  if (text.length > 0) addUnmapped(unmapped, name, text);
  return undefined;
}
