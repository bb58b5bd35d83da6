import type { Clock } from '../../contract/clock.ts';
import { type Auth, AuthError } from './auth.ts';

/** Credentials that end. */
export interface Lease<T> {
  readonly value: T;
  /** Epoch milliseconds; absent: they are used until they are refused. */
  readonly expiresAt?: number;
}

/** Credentials that are kept and renewed. */
export interface Renewal<T> {
  /**
   * The current ones; fetched when there are none.
   *
   * @throws what fetching throws; AuthError at the abort
   */
  get(signal: AbortSignal): Promise<T>;
  /** They were refused: others are fetched, unless that has happened since. */
  refuse(value: T): void;
  /** The current ones and those before, which a late answer may still show. */
  known(): readonly T[];
  /** Ends a fetch that is under way. */
  close(): void;
}

/** Renewal begins this long before the end, or after half of the lifetime where that is later; milliseconds. */
const AHEAD = 300_000;
/** They are not used so close to the end, or in the last tenth of a short lifetime: a request takes time, and clocks differ. */
const UNSAFE = 10_000;
/** How long one fetch may take. */
const PATIENCE = 30_000;
/** Between two attempts to renew credentials that can still be used. */
const PAUSE = 10_000;
const KEPT = 3;

/**
 * Keeps credentials and renews them: in the background while the old ones can still be used, so that a token endpoint may be
 * down for some minutes; once for all requests that wait; at once after they were refused.
 *
 * @param fetch asks for new ones
 * @example const tokens = keepRenewed(clock, (signal) => askForToken(signal)); const token = await tokens.get(signal);
 */
export function keepRenewed<T>(clock: Clock, fetch: (signal: AbortSignal) => Promise<Lease<T>>): Renewal<T> {
  let current: (Lease<T> & { readonly since: number }) | undefined;
  let before: T[] = [];
  let fetching: { readonly result: Promise<T>; readonly abort: AbortController } | undefined;
  /** No renewal in the background before this instant. */
  let notBefore = 0;

  function forget(): void {
    if (current !== undefined) before = [current.value, ...before].slice(0, KEPT);
    current = undefined;
  }

  function renew(): Promise<T> {
    if (fetching !== undefined) return fetching.result;
    const abort = new AbortController();
    const over = new AbortController();
    void clock.sleep(PATIENCE, over.signal).then(() => abort.abort());
    const work = async () => {
      try {
        const lease = await unlessAborted(fetch(abort.signal), abort.signal);
        forget();
        current = { ...lease, since: clock.now() };
        return lease.value;
      } finally {
        over.abort();
        fetching = undefined;
      }
    };
    // Asynchronous from the start, so that `fetching` is set before it is cleared.
    const result = Promise.resolve().then(work);
    // Whoever waits gets the error; in the background there may be no one.
    result.catch(() => {});
    fetching = { result, abort };
    return result;
  }

  return {
    async get(signal) {
      const now = clock.now();
      if (current !== undefined) {
        const { value, since, expiresAt = Number.POSITIVE_INFINITY } = current;
        const lifetime = expiresAt - since;
        if (now < expiresAt - Math.min(UNSAFE, lifetime / 10)) {
          if (now >= expiresAt - Math.min(AHEAD, lifetime / 2) && now >= notBefore) {
            notBefore = now + PAUSE;
            void renew();
          }
          return value;
        }
        forget();
      }
      return unlessAborted(renew(), signal);
    },
    refuse(value) {
      if (current?.value === value) forget();
    },
    known: () => (current === undefined ? before : [current.value, ...before]),
    close: () => fetching?.abort.abort(),
  };
}

/** @throws AuthError at the abort; what is under way goes on for the others that wait */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new AuthError('no credentials in time'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => {});
  }
}

/**
 * Authentication by a bearer token that is renewed.
 *
 * @param fetch asks for a token
 * @param secrets what else must appear in no message
 */
export function renewedBearer(
  clock: Clock,
  fetch: (signal: AbortSignal) => Promise<Lease<string>>,
  secrets: readonly string[] = [],
): Auth {
  const tokens = keepRenewed(clock, fetch);
  return {
    async credentials(_, signal) {
      const token = await tokens.get(signal);
      return { headers: { authorization: `Bearer ${token}` }, refused: () => tokens.refuse(token) };
    },
    secrets: () => [...secrets, ...tokens.known()],
    close: () => tokens.close(),
  };
}
