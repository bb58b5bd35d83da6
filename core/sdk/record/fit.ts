import type { Column, LeafType, Shape } from './columns.ts';

/** Whether a value can be written into a column of one type, and why not. */
export interface LeafCheck {
  /** Asked of every value, so it makes nothing. */
  is(value: unknown): boolean;
  /** Why a value that cannot be written is none: `expected a text, got number`. */
  problem(value: unknown): string;
}

/**
 * What a leaf column takes, for an output that writes columns.
 *
 * | column | takes |
 * |---|---|
 * | `utf8` | a string |
 * | `int32` | a number that is an integer of 32 bits |
 * | `int64` | a safe integer, or a bigint of 64 bits |
 * | `timestamp` | milliseconds since 1970 within the years 1 to 9999 |
 * | `double` | a number |
 * | `boolean` | `true` or `false` |
 *
 * @example
 * const { is, problem } = leafCheck('int64');
 * if (!is(2 ** 60)) log.warn(problem(2 ** 60)); // expected a 64-bit integer, got 1152921504606846976, which is beyond 2^53: write a bigint
 */
export function leafCheck(type: LeafType): LeafCheck {
  return CHECKS[type];
}

/**
 * Why a record cannot be written into columns, with the path; undefined when it can.
 *
 * @param columns of the mapper's schema, see {@link columnsOf}
 * @example
 * const columns = columnsOf(Type.Object({ time: timestampMillis() }));
 * recordMisfit(columns, { time: 'now' }); // 'time: expected epoch milliseconds, got string'
 */
export function recordMisfit(columns: readonly Column[], record: unknown): string | undefined {
  try {
    return misfit({ kind: 'group', columns }, record, '');
  } catch (error) {
    return `the record cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function misfit(shape: Shape, value: unknown, path: string): string | undefined {
  const at = path === '' ? 'record' : path;
  if (value === undefined || value === null)
    return path === '' ? `record: ${wrongType('an object', value)}` : undefined;
  if (shape.kind === 'leaf') {
    const { is, problem } = CHECKS[shape.type];
    return is(value) ? undefined : `${at}: ${problem(value)}`;
  }
  if (shape.kind === 'list') {
    if (!Array.isArray(value)) return `${at}: ${wrongType('a list', value)}`;
    return first(value, (element, index) => misfit(shape.element, element, `${path}[${index}]`));
  }
  const wanted = shape.kind === 'map' ? 'a map' : 'an object';
  if (typeof value !== 'object' || Array.isArray(value)) return `${at}: ${wrongType(wanted, value)}`;
  const pathOf = (name: string) => (path === '' ? name : `${path}.${name}`);
  const shapes =
    shape.kind === 'map' ? undefined : new Map(shape.columns.map((one) => [one.name, one.shape]));
  return first(Object.entries(value), ([name, member]) => {
    if (shapes === undefined) return misfit({ kind: 'leaf', type: 'utf8' }, member, pathOf(name));
    const inner = shapes.get(name);
    if (inner !== undefined) return misfit(inner, member, pathOf(name));
    return member === undefined || member === null ? undefined : `${pathOf(name)}: is not in the schema`;
  });
}

function first<T>(
  values: readonly T[],
  problemOf: (value: T, index: number) => string | undefined,
): string | undefined {
  for (let index = 0; index < values.length; index++) {
    const problem = problemOf(values[index] as T, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Milliseconds: 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z, what every query engine has. */
const FIRST_TIME = -62_135_596_800_000;
const LAST_TIME = 253_402_300_799_999;

const isLong = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isSafeInteger(value)
    : typeof value === 'bigint' && BigInt.asIntN(64, value) === value;

const isTime = (value: unknown): boolean =>
  isLong(value) && (value as number) >= FIRST_TIME && (value as number) <= LAST_TIME;

const CHECKS: Readonly<Record<LeafType, LeafCheck>> = {
  utf8: {
    is: (value) => typeof value === 'string',
    problem: (value) => wrongType('a text', value),
  },
  int32: {
    is: (value) => typeof value === 'number' && (value | 0) === value,
    problem: (value) =>
      wrongType('a 32-bit integer', value) +
      (typeof value === 'number' && isLong(value) ? '; write int64() in the schema' : ''),
  },
  int64: { is: isLong, problem: (value) => longProblem('a 64-bit integer', value) },
  timestamp: { is: isTime, problem: timeProblem },
  double: {
    is: (value) => typeof value === 'number',
    problem: (value) => wrongType('a number', value),
  },
  boolean: {
    is: (value) => typeof value === 'boolean',
    problem: (value) => wrongType('true or false', value),
  },
};

function timeProblem(value: unknown): string {
  const problem = wrongType('epoch milliseconds', value);
  if (typeof value !== 'bigint' && !Number.isInteger(value)) return problem;
  const time = Number(value);
  if (time <= LAST_TIME) return `${problem}, which is before the year 1`;
  const unit = time > LAST_TIME * 1_000 ? 'nanoseconds' : 'microseconds';
  return `${problem}, which is beyond the year 9999 and looks like ${unit}`;
}

function longProblem(wanted: string, value: unknown): string {
  const problem = wrongType(wanted, value);
  if (Number.isInteger(value)) return `${problem}, which is beyond 2^53: write a bigint`;
  if (typeof value !== 'bigint') return problem;
  return `${problem}, which is beyond 64 bits with a sign; integers of Falco have none: write a text`;
}

/** Without an exponent. */
function digitsOf(value: number): string {
  return Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
}

function wrongType(wanted: string, value: unknown): string {
  return `expected ${wanted}, got ${kindOf(value)}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number') return Number.isInteger(value) ? digitsOf(value) : String(value);
  if (typeof value === 'bigint') return `the bigint ${value}`;
  return Array.isArray(value) ? 'a list' : typeof value;
}
