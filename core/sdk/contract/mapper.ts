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
   * The JSON Schema of every record, where it is always the same: a lake needs that. A closed object whose properties have one
   * type each, see {@link columnsOf}. Absent: a record may be anything.
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

/** What a mapper gets beside its options. */
export interface MapperContext {
  readonly log: Logger;
}

/** A mapper whose records have the type of their schema, for {@link defineMapper}. */
export interface TypedMapperDefinition<O extends TObject, S extends TSchema>
  extends Omit<MapperDefinition<O>, 'create'> {
  create(options: Static<O>, context: MapperContext): TypedMapper<S>;
}

/** What `create` of a mapper returns: the records that `map` makes are those of the schema `record`. */
export interface TypedMapper<S extends TSchema> {
  readonly record?: S;
  map(event: Event): Mapped<Static<S>>;
}

/**
 * Declares a mapper. It changes nothing at runtime; the compiler checks the records against the schema `record`. Without a
 * schema a record may be anything. A schema that is put together at runtime gets its type by `Type.Unsafe<Row>(schema)`.
 *
 * @example
 * const record = Type.Object({ time: timestampMillis(), rule: Type.String() });
 *
 * export default defineMapper({
 *   apiVersion: 1,
 *   type: 'headline',
 *   summary: 'Time and rule.',
 *   options: Type.Object({}),
 *   create: () => ({
 *     record,
 *     map: (event) => ({ ok: true, record: { time: event.time, rule: event.rule } }),
 *   }),
 * });
 */
export function defineMapper<O extends TObject, S extends TSchema = TSchema>(
  definition: TypedMapperDefinition<O, S>,
): MapperDefinition<O, Static<S>> {
  return definition;
}

/**
 * Calls a mapper, for outputs that read their events from blocks. What the mapper throws is the reason of a refusal, and so is
 * a value that is no {@link Mapped}: a mistake of a mapper becomes a dead letter and never fails a batch.
 *
 * @param name of the mapper as the configuration has it, for the reason
 * @example
 * const rows: unknown[] = [];
 * const mapped = mapEvent(mapper, event);
 * if (mapped.ok) rows.push(mapped.record);
 * else log.warn(`set aside: ${mapped.reason}`);
 */
export function mapEvent<R>(mapper: Pick<Mapper<R>, 'map'>, event: Event, name?: string): Mapped<R> {
  let returned: unknown;
  try {
    const mapped = mapper.map(event);
    if (mapped?.ok === true && mapped.record !== undefined) return mapped;
    if (mapped?.ok === false) return { ok: false, reason: reasonText(mapped.reason) };
    returned = mapped;
  } catch (error) {
    return { ok: false, reason: `${theMapper(name)} failed: ${errorText(error)}` };
  }
  return { ok: false, reason: `${theMapper(name)} ${mistakeIn(returned)}` };
}

function theMapper(name: string | undefined): string {
  return name === undefined ? 'the mapper' : `the mapper ${name}`;
}

/** What is wrong with a value that is neither a record nor a refusal. A promise may fail later, and nothing else handles that. */
function mistakeIn(returned: unknown): string {
  const { then, ok } = (returned ?? {}) as { then?: unknown; ok?: unknown };
  if (typeof then === 'function') {
    Promise.resolve(returned).catch(() => {});
    return 'returned a promise; map must be synchronous';
  }
  if (ok === true) return 'returned { ok: true } without a record';
  return 'returned neither { ok: true, record } nor { ok: false, reason }';
}

/** A reason of plain JavaScript may be anything. */
function reasonText(reason: unknown): string {
  if (typeof reason === 'string' && reason !== '') return reason;
  if (reason === undefined || reason === null || reason === '') return 'the mapper gave no reason';
  if (typeof reason !== 'object') return String(reason);
  if (reason instanceof Error) return reason.message;
  try {
    return JSON.stringify(reason);
  } catch {
    return 'the mapper gave a reason that is no text';
  }
}

function errorText(error: unknown): string {
  try {
    return error instanceof Error ? error.message : reasonText(error);
  } catch {
    return 'it threw what cannot be read';
  }
}
