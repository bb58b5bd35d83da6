import { describeFailure } from './http/failure.ts';

/**
 * What an output threw, as the reason of a retry. `fetch` of the platform says no more than "fetch failed"; what failed is
 * in its cause.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return typeof code !== 'string' || message.includes(code)
    ? message
    : `${message}: ${describeFailure(cause)}`;
}
