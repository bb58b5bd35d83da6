/** One record of a batch, by its index in `batch.records` (or in the order of `batch.blocks()`), and what is wrong with it. */
export interface Failure {
  readonly index: number;
  readonly reason: string;
  /** `unmappable`: the record itself is at fault, whatever the destination. Without: the destination rejected it. */
  readonly cause?: 'unmappable';
}

/**
 * What became of a batch; a value, so that the compiler makes the author decide. A throw means {@link retry}.
 * Network faults, 401, 403, 404 and 429 are never the fault of a record: they are `retry`.
 */
export type Delivery =
  | {
      readonly status: 'delivered';
      /** Bytes written at the destination, where that differs from the events' own (compressed files): steers `batch.size`. */
      readonly bytes?: number;
      /** Records that were set aside for good; all others are delivered. */
      readonly rejected?: readonly Failure[];
    }
  | {
      readonly status: 'retry';
      readonly reason: string;
      /** Milliseconds the destination asked to be left alone (Retry-After); holds the whole output. */
      readonly after?: number;
      /** Indexes to try again; absent: the whole batch. What is in neither list is delivered. */
      readonly failed?: readonly number[];
      readonly rejected?: readonly Failure[];
      /** The credentials were refused (401, 403): the breaker opens at once. */
      readonly denied?: boolean;
    }
  | {
      /** The destination refused the batch as a whole for its content: it is bisected until the guilty records are found. */
      readonly status: 'rejected';
      readonly reason: string;
    };

/**
 * All of it arrived, save the records named.
 *
 * @example
 * const deliver = async (): Promise<Delivery> =>
 *   delivered({ rejected: [{ index: 3, reason: 'the field "host" is too long' }] });
 */
export function delivered(details: { bytes?: number; rejected?: readonly Failure[] } = {}): Delivery {
  return { status: 'delivered', ...details };
}

/**
 * Try again later, all of it or the indexes in `failed`.
 *
 * @example
 * const busy = retry('the queue is full', { after: 5_000 });
 * const someFailed = retry('two of the records were throttled', { failed: [0, 7] });
 * const denied = retry('the token was refused', { denied: true });
 */
export function retry(
  reason: string,
  details: {
    after?: number;
    failed?: readonly number[];
    rejected?: readonly Failure[];
    denied?: boolean;
  } = {},
): Delivery {
  return { status: 'retry', reason, ...details };
}

/**
 * The content is refused for good and the destination does not say which record is to blame.
 *
 * @example
 * const verdict = response.status === 422 ? rejected('a record is not valid') : await fromResponse(response);
 */
export function rejected(reason: string): Delivery {
  return { status: 'rejected', reason };
}

/** A record that a destination did not take. */
export interface Refusal extends Failure {
  /** Will it be taken later? False: its content is at fault, and it is set aside. */
  readonly again: boolean;
}

/**
 * What became of a batch whose destination answers about each record: all of it arrived, except these.
 *
 * @example
 * const items = (await response.json()) as { error?: string; status: number }[];
 * const refusals = items.map(({ error, status }, index) => ({ index, reason: error ?? '', again: status !== 400 }));
 * const verdict = deliveredExcept(refusals.filter(({ reason }) => reason !== ''));
 */
export function deliveredExcept(
  refusals: readonly Refusal[],
  details: { after?: number; denied?: boolean } = {},
): Delivery {
  const failed = refusals.filter(({ again }) => again);
  const rejected = refusals.filter(({ again }) => !again).map(({ again: _, ...failure }) => failure);
  const aside = rejected.length > 0 ? { rejected } : {};
  if (failed.length === 0) return delivered(aside);
  return retry(failed[0]!.reason, { failed: failed.map(({ index }) => index), ...aside, ...details });
}
