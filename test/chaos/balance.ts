import { setTimeout as sleep } from 'node:timers/promises';
import { accountOf, imbalance } from '../support/metrics.ts';
import type { Tiercel } from '../support/process.ts';
import type { Findings } from './findings.ts';

/** Reads /metrics all the time: the balance of each output holds at any moment, and nothing is lost. */
export interface BalanceWatch {
  /** Number of readings. */
  readings(): number;
  stop(): Promise<void>;
}

const READ_EVERY = 1000;

/** Reports an output whose balance does not hold, or that lost events. */
export function checkBalance(
  metrics: string,
  outputs: readonly string[],
  findings: Pick<Findings, 'add'>,
): void {
  for (const output of outputs) {
    const account = accountOf(metrics, output);
    const wrong = imbalance(output, account);
    if (wrong !== undefined) findings.add(`the balance of ${output} does not hold`, wrong);
    if (account.lost > 0)
      findings.add(`${output} lost events`, `tiercel_events_lost_total is ${account.lost}`);
  }
}

export function watchBalance(
  tiercel: Pick<Tiercel, 'get'>,
  outputs: readonly string[],
  findings: Pick<Findings, 'add'>,
): BalanceWatch {
  let readings = 0;
  let stopped = false;
  const watch = async (): Promise<void> => {
    while (!stopped) {
      await sleep(READ_EVERY);
      // A program that was killed, is frozen or starts gives no answer, or one without the outputs.
      const answer = await tiercel.get('/metrics').catch(() => undefined);
      if (answer?.status !== 200) continue;
      const known = outputs.filter((output) =>
        answer.body.includes(`tiercel_events_pending{output="${output}"}`),
      );
      checkBalance(answer.body, known, findings);
      if (known.length > 0) readings += 1;
    }
  };
  const watching = watch();
  return {
    readings: () => readings,
    async stop() {
      stopped = true;
      await watching;
    },
  };
}
