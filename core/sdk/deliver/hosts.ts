import type { Clock } from '../contract/clock.ts';
import type { Logger } from '../contract/logger.ts';
import type { Delivery } from '../contract/verdicts.ts';
import { trySend } from './check-verdict.ts';

/** How long the other hosts have once one host has the batch, milliseconds: one of them may hang. */
const OTHERS_TIMEOUT = 2_000;

/**
 * Delivers one batch to all hosts of a cluster at once. One success is enough, because the members replicate it to each other;
 * failures of other hosts are logged. Without a success the result is `retry` if any host's is, else `rejected`.
 *
 * @param send to one host; a throw means `retry`
 * @example
 * const hosts = ['https://a.example.com', 'https://b.example.com'];
 * const post = async (host: string, signal: AbortSignal) =>
 *   fromResponse(await context.fetch(host, { method: 'POST', body, signal }));
 * const verdict = await deliverToAny(hosts, post, signal, context);
 */
export async function deliverToAny<H>(
  hosts: readonly H[],
  send: (host: H, signal: AbortSignal) => Promise<Delivery>,
  signal: AbortSignal,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Delivery> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  const one = async (host: H): Promise<Delivery> => {
    const answer = await trySend(() => send(host, either));
    if (answer.status === 'delivered') void clock.sleep(OTHERS_TIMEOUT, either).then(() => enough.abort());
    return answer;
  };
  const answers = await Promise.all(hosts.map(one)).finally(() => enough.abort());
  const good = answers.find(({ status }) => status === 'delivered');
  if (good === undefined) return answers.find(({ status }) => status === 'retry') ?? answers[0]!;
  for (const answer of answers)
    if (answer.status !== 'delivered')
      log.warn({ reason: answer.reason }, 'one host did not take what another took');
  return good;
}
