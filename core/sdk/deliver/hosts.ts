import type { Clock } from '../contract/clock.ts';
import type { Logger } from '../contract/logger.ts';
import type { Delivery } from '../contract/verdicts.ts';
import { trySend } from './check-verdict.ts';

/** How long the other hosts have when one has taken a batch, milliseconds: one of them may hang. */
const PATIENCE = 2_000;

/**
 * Delivers one batch to all hosts of a cluster at once. One that took it is enough, because the members tell each other; what another had
 * to say is logged then. When none took it, one that asks for another try speaks for all.
 *
 * @param send to one host; a throw means `retry`
 * @example
 * deliver: ({ records }, signal) =>
 *   deliverToAny(options.hosts, (host, signal) => http.post(host, JSON.stringify(records), signal), signal, context)
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
    if (answer.status === 'delivered') void clock.sleep(PATIENCE, either).then(() => enough.abort());
    return answer;
  };
  const answers = await Promise.all(hosts.map(one));
  enough.abort();
  const good = answers.find(({ status }) => status === 'delivered');
  if (good === undefined) return answers.find(({ status }) => status === 'retry') ?? answers[0]!;
  for (const answer of answers)
    if (answer.status !== 'delivered')
      log.warn({ reason: answer.reason }, 'one host did not take what another took');
  return good;
}
