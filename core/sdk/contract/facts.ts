import type { RequestLimits } from './batch.ts';
import type { ByOptions, Ordering } from './output.ts';

/** What is promised of the deliveries of one output. */
export interface DeliveryFacts {
  readonly ordering: Ordering;
  /** A batch that comes again does no harm. */
  readonly idempotent: boolean;
  /** Delivered means that the destination said so; false: that the event was sent. */
  readonly confirms: boolean;
}

/**
 * What a definition promises of the deliveries of an output with these options, defaults filled in.
 *
 * @param options decoded: durations in milliseconds, sizes in bytes
 * @throws Error when a function of the definition throws, or says what is none of the values
 * @example factsOf(sqs, { queue_url: 'https://sqs.eu-west-1.amazonaws.com/1/falco.fifo' }).ordering // 'partition'
 */
export function factsOf(
  definition: {
    readonly ordering?: ByOptions<Ordering, never>;
    readonly idempotent?: ByOptions<boolean, never>;
    readonly confirms?: ByOptions<boolean, never>;
  },
  options: unknown,
): DeliveryFacts {
  const { ordering = 'none', idempotent = false, confirms = true } = definition;
  return {
    ordering: oneOf('ordering', ['none', 'partition'], said(ordering, options)),
    idempotent: oneOf('idempotent', [true, false], said(idempotent, options)),
    confirms: oneOf('confirms', [true, false], said(confirms, options)),
  };
}

/**
 * The most that one request of an output with these options carries.
 *
 * @param options decoded: durations in milliseconds, sizes in bytes
 * @throws Error when a function of the definition throws, or a limit is no whole number above 0
 * @example requestLimitsOf(kinesis, {}) // { events: 500, size: 5242880 }
 */
export function requestLimitsOf(
  { request = {} }: { readonly request?: ByOptions<RequestLimits<never>, never> },
  options: unknown,
): RequestLimits {
  const limits = said(request as ByOptions<RequestLimits, never>, options);
  for (const name of ['events', 'size'] as const) {
    const limit = limits[name];
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
      throw new Error(`its request.${name} is ${String(limit)}, not a whole number above 0`);
  }
  if (limits.sizeOf !== undefined && typeof limits.sizeOf !== 'function')
    throw new Error('its request.sizeOf is no function');
  return limits;
}

function said<T>(fact: T | ((options: never) => T), options: unknown): T {
  return typeof fact === 'function' ? (fact as (options: unknown) => T)(options) : fact;
}

/** A definition may be plain JavaScript. */
function oneOf<T>(name: string, values: readonly T[], value: T): T {
  if (values.includes(value)) return value;
  const known = values.map((each) => JSON.stringify(each)).join(' or ');
  throw new Error(`its ${name} is ${JSON.stringify(value)}, not ${known}`);
}
