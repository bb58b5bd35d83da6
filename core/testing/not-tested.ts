/** What a test throws that does not apply to the output or its destination: it is skipped, not passed. */
class NotTestedError extends Error {
  override readonly name = 'NotTestedError';
}

/** @param reason why the test does not apply, for the report of the test runner */
export function notTested(reason: string): Error {
  return new NotTestedError(reason);
}

/** The destination of the contract lacks a member. */
export function cannot(member: string): Error {
  return notTested(`the destination has no ${member}()`);
}

/**
 * Skips the test where it throws {@link notTested}, if the test runner gives it a way to: vitest and node:test. With others it
 * passes. The result declares no parameter, because Bun takes one for a callback.
 */
export function orSkipped(run: () => Promise<void>): (...context: readonly unknown[]) => Promise<void> {
  return async (...context) => {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof NotTestedError)) throw error;
      const [given] = context as readonly [{ skip?(reason: string): void } | undefined];
      given?.skip?.(error.message);
    }
  };
}
