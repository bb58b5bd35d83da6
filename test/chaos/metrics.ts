/** What /metrics says of one output. */
export interface Account {
  readonly accepted: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly pending: number;
}

/** Reads the counters of one output; several series of one name (dead letters by cause) are added up. */
export function accountOf(metrics: string, output: string): Account {
  const read = (name: string): number => {
    let sum = 0;
    for (const line of metrics.split('\n')) {
      if (!line.startsWith(`${name}{`) || !line.includes(`output="${output}"`)) continue;
      sum += Number(line.slice(line.lastIndexOf(' ') + 1));
    }
    return sum;
  };
  return {
    accepted: read('tiercel_output_accepted_total'),
    delivered: read('tiercel_output_delivered_total'),
    deadLettered: read('tiercel_output_dead_lettered_total'),
    dropped: read('tiercel_output_dropped_total'),
    pending: read('tiercel_output_pending'),
  };
}

/** `accepted = delivered + dead_lettered + dropped + pending`: undefined when it holds, else the sentence that says it does not. */
export function imbalance(output: string, account: Account): string | undefined {
  const { accepted, delivered, deadLettered, dropped, pending } = account;
  if (accepted === delivered + deadLettered + dropped + pending) return undefined;
  return `${output}: accepted ${accepted} is not delivered ${delivered} + dead lettered ${deadLettered} + dropped ${dropped} + pending ${pending}`;
}
