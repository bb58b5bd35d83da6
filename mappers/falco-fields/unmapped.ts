import { type FieldValue, fieldText } from '../../core/sdk/index.ts';

/** Adds to `unmapped` what is no output field; where a field has the name already, the name gets a prefix. */
export function addUnmapped(unmapped: Record<string, string>, name: string, value: FieldValue): void {
  let key = name;
  while (key in unmapped) key = `event.${key}`;
  unmapped[key] = fieldText(value);
}
