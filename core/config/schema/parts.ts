import type { TProperties } from 'typebox';
import { Type } from '../../sdk/options/type.ts';

/** An object without room for unknown keys. */
export function section<P extends TProperties>(
  properties: P,
  description: string,
  more: { readonly formerly?: readonly string[]; readonly needs?: readonly string[] } = {},
) {
  return Type.Object(properties, { additionalProperties: false, description, ...more });
}

/** A section that need not be written down: all it holds has defaults. */
export function optionalSection<P extends TProperties>(properties: P, description: string) {
  return Type.Object(properties, { additionalProperties: false, description, default: {} });
}

/** An address and port to listen at. */
export function address(
  description: string,
  options: { default?: string; examples?: string[]; formerly?: string[] },
) {
  return Type.String({ format: 'address', description, ...options });
}

/** A number of things. */
export function count(
  description: string,
  options: {
    default?: number;
    minimum?: number;
    maximum?: number;
    formerly?: string[];
    examples?: number[];
  } = {},
) {
  return Type.Integer({ minimum: 1, description, ...options });
}

/** A list of names, which must not be empty when it is given. */
export const names = (description: string, example: readonly string[]) =>
  Type.Optional(Type.Array(Type.String(), { description, minItems: 1, examples: [example] }));
