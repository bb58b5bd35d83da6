import { type Delivery, retry } from '../contract/verdicts.ts';
import { describeFailure } from '../http/failure.ts';

/** What became of a part of a batch; a throw means `retry`, so that it takes nothing with it that is delivered already. */
export async function trySend(send: () => Promise<Delivery>): Promise<Delivery> {
  try {
    return await send();
  } catch (error) {
    return retry(reasonOf(error));
  }
}

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
