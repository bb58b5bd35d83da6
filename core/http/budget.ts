/** An amount of memory that several requests share: first come, first served. */
export interface ByteBudget {
  /** Waits until the bytes are free and takes them. An amount beyond the whole budget waits to be alone. */
  take(bytes: number): Promise<void>;
  give(bytes: number): void;
}

/**
 * Makes a budget. Whoever takes, takes all it will ever need before it starts, so nobody waits holding a part.
 *
 * @param total bytes
 */
export function createByteBudget(total: number): ByteBudget {
  let free = total;
  const waiting: { bytes: number; go: () => void }[] = [];

  const wake = () => {
    while (waiting.length > 0 && waiting[0]!.bytes <= free) {
      const next = waiting.shift()!;
      free -= next.bytes;
      next.go();
    }
  };

  return {
    take(bytes) {
      return new Promise((go) => {
        waiting.push({ bytes: Math.min(bytes, total), go });
        wake();
      });
    },
    give(bytes) {
      free += Math.min(bytes, total);
      wake();
    },
  };
}

/** Holds bytes of a budget while `use` runs. */
export async function withBytes<T>(budget: ByteBudget, bytes: number, use: () => Promise<T>): Promise<T> {
  await budget.take(bytes);
  try {
    return await use();
  } finally {
    budget.give(bytes);
  }
}
