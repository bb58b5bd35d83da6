import type { FieldValue } from './event.ts';

/**
 * Does a field say that there is no value? Falco and its plugins say it as `null`, `""`, `<NA>` or `N/A`
 * (Falco's output formatters print `<NA>`; plugins pass on what their source calls it).
 */
export function isMissing(value: FieldValue | undefined): value is Missing | undefined {
  return value === undefined || value === null || value === '' || value === '<NA>' || value === 'N/A';
}

type Missing = null | '' | '<NA>' | 'N/A';
