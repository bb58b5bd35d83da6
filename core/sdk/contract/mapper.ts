import type { Static, TObject, TSchema } from 'typebox';
import type { Event } from '../../event/event.ts';
import type { Stability } from './about.ts';
import type { Logger } from './logger.ts';

/** What a mapper made of an event. A refusal goes to the dead letters with its reason; a mapper never throws an event away. */
export type Mapped<R> =
  | { readonly ok: true; readonly record: R }
  | { readonly ok: false; readonly reason: string };

/** A mapper with its options applied: pure and synchronous, the same event gives the same record on every replay. */
export interface Mapper<R = unknown> {
  /**
   * The shape of every record, where it is always the same (a lake needs that): a JSON Schema, with the
   * annotations of `tiercel/lake` where a column wants another physical type.
   */
  readonly record?: TSchema;
  map(event: Event): Mapped<R>;
}

/** A kind of mapper, as plain data: what a package exports by default. */
export interface MapperDefinition<O extends TObject = TObject, R = unknown> {
  readonly apiVersion: 1;
  /** The name in YAML, snake_case. */
  readonly type: string;
  /** What it does, for lists: one line of at most 80 characters. */
  readonly summary: string;
  /** How far users may rely on it, as its page says. Without: the page makes no promise. */
  readonly stability?: Stability;
  /** An object of {@link Type}; every property has a description. */
  readonly options: O;
  create(options: Static<O>, context: MapperContext): Mapper<R>;
}

export interface MapperContext {
  readonly log: Logger;
}

/**
 * Declares a mapper. It changes nothing; it is here for the types.
 *
 * @example
 * export default defineMapper({
 *   apiVersion: 1, type: 'headline', summary: 'Rule and host.',
 *   options: Type.Object({}),
 *   create: () => ({ map: (event) => ({ ok: true, record: `${event.rule} on ${event.hostname}` }) }),
 * });
 */
export function defineMapper<O extends TObject, R>(
  definition: MapperDefinition<O, R>,
): MapperDefinition<O, R> {
  return definition;
}
