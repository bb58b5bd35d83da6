import type { TProperties } from 'typebox';
import type { FalcosidekickKey } from '../../sdk/options/falcosidekick.ts';
import type { OptionMarks } from '../../sdk/options/scalars.ts';
import { Type } from '../../sdk/options/type.ts';

/** A section of options; unknown keys are errors. */
export function section<P extends TProperties>(
  properties: P,
  description: string,
  more: { readonly falcosidekick?: readonly FalcosidekickKey[]; readonly needs?: readonly string[] } = {},
) {
  return Type.Object(properties, { description, ...more });
}

/** A section that may be left out: all of its options have defaults. */
export function optionalSection<P extends TProperties>(
  properties: P,
  description: string,
  more: OptionMarks = {},
) {
  return Type.Object(properties, { description, default: {}, ...more });
}

/** An address and port to listen at. */
export function address(
  description: string,
  options: { default?: string; examples?: string[]; falcosidekick?: FalcosidekickKey[] },
) {
  return Type.String({ format: 'address', description, ...options });
}

/** A whole number of at least one. */
export function count(
  description: string,
  options: OptionMarks & {
    default?: number;
    minimum?: number;
    maximum?: number;
    falcosidekick?: FalcosidekickKey[];
    examples?: number[];
  } = {},
) {
  return Type.Integer({ minimum: 1, description, ...options });
}

/** An optional list of names that must not be empty. */
export const names = (description: string, example: readonly string[]) =>
  Type.Optional(Type.Array(Type.String(), { description, minItems: 1, examples: [example] }));
