/** What one read of a socket may bring: a reader that stops may find that much more in memory. */
export const READ_BYTES = 64 << 10;

/** An amount of memory that several requests share. What is charged is in memory already. */
export interface ByteBudget {
  open(): ByteAccount;
  /** Bytes charged to it now. */
  held(): number;
}

/** What one request holds of a budget. */
export interface ByteAccount {
  charge(bytes: number): void;
  /** Is the budget used up? */
  usedUp(): boolean;
  /** Must the request stop reading, because the budget is used up or others wait already? */
  mustWait(): boolean;
  /** Is so much more than the budget in memory that the request cannot be kept? */
  beyond(): boolean;
  /**
   * Resolves when the request may read on, first come, first served, or when the signal aborts.
   *
   * One request at a time may exceed the budget: each of those that wait holds a part of a body, so that without it
   * they could wait for each other for ever.
   */
  wait(signal: AbortSignal): Promise<void>;
  /** Gives everything back. */
  close(): void;
}

/** @param total bytes; half as much again may be held for a moment, because what was read is in memory */
export function createByteBudget(total: number): ByteBudget {
  const shared: Shared = { total, held: 0, queue: [], exceeding: undefined };
  return { open: () => new Account(shared), held: () => shared.held };
}

interface Shared {
  readonly total: number;
  held: number;
  readonly queue: Account[];
  /** The request that may exceed the budget. */
  exceeding: Account | undefined;
}

/** A class, because each request makes one: its methods cost nothing. */
class Account implements ByteAccount {
  readonly #shared: Shared;
  #held = 0;
  /** Room set aside for the next read: charged to the budget, not yet in memory. */
  #granted = 0;
  #goOn: (() => void) | undefined;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  charge(bytes: number): void {
    this.#held += bytes;
    this.#shared.held += bytes - this.#granted;
    this.#granted = 0;
  }

  usedUp(): boolean {
    return this.#shared.held > this.#shared.total;
  }

  mustWait(): boolean {
    const { exceeding, queue } = this.#shared;
    return exceeding !== this && (queue.length > 0 || this.usedUp());
  }

  beyond(): boolean {
    const { total, held, queue, exceeding } = this.#shared;
    // Each of those that wait may find one more read in memory.
    return exceeding !== this && held + queue.length * READ_BYTES > total + Math.floor(total / 2);
  }

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#leave();
        this.#goOn = undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#goOn = done;
      this.#shared.queue.push(this);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
      else Account.#wake(this.#shared);
    });
  }

  close(): void {
    const shared = this.#shared;
    this.#leave();
    shared.held -= this.#held + this.#granted;
    this.#held = 0;
    this.#granted = 0;
    if (shared.exceeding === this) shared.exceeding = undefined;
    if (shared.queue.length > 0) Account.#wake(shared);
  }

  #leave(): void {
    const { queue } = this.#shared;
    const place = queue.length === 0 ? -1 : queue.indexOf(this);
    if (place >= 0) queue.splice(place, 1);
  }

  static #wake(shared: Shared): void {
    const { queue, total } = shared;
    while (queue.length > 0) {
      const next = queue[0]!;
      if (shared.held + READ_BYTES <= total) {
        next.#granted = READ_BYTES;
        shared.held += READ_BYTES;
      } else if (shared.exceeding === undefined) shared.exceeding = next;
      else return;
      queue.shift();
      next.#goOn?.();
    }
  }
}
