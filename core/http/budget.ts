/** The most bytes of one read of a socket: that much more may be in memory when a reader stops. */
export const READ_BYTES = 64 << 10;

/** An amount of memory that several requests share. Charged bytes are in memory already. */
export interface ByteBudget {
  open(): ByteAccount;
  /** Bytes charged now. */
  held(): number;
}

/** The part of a budget that one request holds. */
export interface ByteAccount {
  charge(bytes: number): void;
  /** Whether the budget is used up. */
  usedUp(): boolean;
  /** Whether the request must stop reading: the budget is used up or other requests wait. */
  mustWait(): boolean;
  /** Whether so much more than the budget is in memory that the request cannot be kept. */
  beyond(): boolean;
  /**
   * Resolves when the request may read on, first come, first served, or when the signal aborts.
   *
   * One request at a time may exceed the budget. Each waiting request holds a part of a body, so without this they could
   * deadlock.
   */
  wait(signal: AbortSignal): Promise<void>;
  /** Returns all its bytes. */
  close(): void;
}

/** @param total bytes; half as much again may be held for a moment: bytes that were read are in memory */
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

/** A class, because each request makes one and shares its methods (bench/cases/ingest.ts). */
class Account implements ByteAccount {
  readonly #shared: Shared;
  #held = 0;
  /** Bytes reserved for the next read: charged to the budget, not yet in memory. */
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
    // Each waiting request may find one more read in memory.
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
