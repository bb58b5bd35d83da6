/** What /metrics says of one output. */
export interface Account {
  readonly accepted: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  /** What corruption took, exactly or at most. */
  readonly lost: number;
  readonly pending: number;
}

/**
 * Reads the counters of one output; several series of one name (dead letters by cause) are added up.
 *
 * @throws Error when the output has no account: a check against zeros that nobody wrote would prove nothing
 */
export function accountOf(metrics: string, output: string): Account {
  const values = (name: string): number[] =>
    metrics
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) && line.includes(`output="${output}"`))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
  const sum = (name: string): number => values(name).reduce((total, value) => total + value, 0);
  const required = (name: string): number => {
    if (values(name).length === 0) throw new Error(`/metrics has no ${name} of ${output}`);
    return sum(name);
  };
  return {
    accepted: required('tiercel_events_accepted_total'),
    delivered: sum('tiercel_events_delivered_total'),
    deadLettered: sum('tiercel_events_dead_lettered_total'),
    dropped: sum('tiercel_events_dropped_total'),
    lost: sum('tiercel_events_lost_total'),
    pending: required('tiercel_events_pending'),
  };
}

/** `accepted = delivered + dead_lettered + dropped + lost + pending`: undefined when it holds, else the sentence that says it does not. */
export function imbalance(output: string, account: Account): string | undefined {
  const { accepted, delivered, deadLettered, dropped, lost, pending } = account;
  if (accepted === delivered + deadLettered + dropped + lost + pending) return undefined;
  return `${output}: accepted ${accepted} is not delivered ${delivered} + dead lettered ${deadLettered} + dropped ${dropped} + lost ${lost} + pending ${pending}`;
}
