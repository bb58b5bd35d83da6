/** Registers what must be done when the work is over, whatever became of it. */
export type Defer = (cleanup: () => unknown) => void;

/**
 * Does some work and then all cleanups, the last registered first. A cleanup that fails does not keep the others back.
 *
 * @throws what the work throws, else what the first cleanup that failed throws
 * @example withCleanup(async (defer) => { const file = await open(path); defer(() => file.close()); await use(file); })
 */
export async function withCleanup<T>(work: (defer: Defer) => Promise<T>): Promise<T> {
  const cleanups: (() => unknown)[] = [];
  const errors: unknown[] = [];
  let result: T | undefined;
  try {
    result = await work((cleanup) => cleanups.push(cleanup));
  } catch (error) {
    errors.push(error);
  }
  for (const cleanup of cleanups.reverse()) {
    try {
      await cleanup();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return result as T;
}
