import type { Finding } from '../../sdk/contract/output.ts';
import { roughDuration, roughSize } from './size.ts';

/** Asks the running instance. @throws Error when it does not answer */
export type Ask = (path: string) => Promise<{ readonly status: number; readonly body: string }>;

/** What a running instance says of one output. */
export interface OutputState {
  readonly state: string;
  readonly reason?: string;
  /** Since when it is in this state, epoch milliseconds. */
  readonly since: number;
  readonly pending: number;
  readonly dead_letters?: number;
  /** Age of its oldest pending event, seconds. */
  readonly oldest: number;
  /** Events lost to damage: counted, and an upper bound of further ones. */
  readonly lost: number;
  readonly maybeLost: number;
}

/** What the running instance says, each part undefined when it did not. */
export interface InstanceStates {
  readonly findings: readonly Finding[];
  /** By output; undefined when it could not be asked. */
  readonly outputs: ReadonlyMap<string, OutputState> | undefined;
}

/** What `GET /journal` says; the part that is shown. */
interface JournalState {
  readonly state: string;
  readonly reason?: string;
  readonly bytes: number;
  readonly max_bytes: number;
  readonly orphans: readonly { readonly output: string; readonly pending: number }[];
}

/**
 * Asks the running instance for its version, its readiness, its journal and the states of its outputs.
 *
 * @param where what it is called: the path of its admin socket
 * @param version of this program
 */
export async function askInstance(ask: Ask, where: string, version: string): Promise<InstanceStates> {
  const findings: Finding[] = [];
  const add = (status: Finding['status'], what: string, line: string) =>
    findings.push({ status, what, line });
  try {
    const metrics = (await get(ask, '/metrics', [200])).body;
    const running = /^tiercel_build_info\{[^}]*version="([^"]*)"/m.exec(metrics)?.[1];
    if (running === version) add('ok', 'process', `Tiercel ${version} answers at ${where}`);
    else {
      const line = `Tiercel ${running ?? '(no version)'} answers at ${where}, and this program is ${version}: use the same version for both`;
      add('warning', 'process', line);
    }
    const { ready, reasons } = await readiness(ask);
    if (ready) add('ok', 'readiness', 'it takes events');
    else add('failed', 'readiness', `it is not ready: ${reasons.join('; ') || 'it gives no reason'}`);
    const journal = JSON.parse((await get(ask, '/journal', [200])).body) as JournalState;
    const size = `${roughSize(journal.bytes)} of ${roughSize(journal.max_bytes)}`;
    if (journal.state === 'ok') add('ok', 'journal', `${size} used`);
    else if (journal.state === 'full')
      add('failed', 'journal', `full (${size}): senders wait until an output delivers`);
    else
      add(
        'failed',
        'journal',
        `${journal.state}: ${journal.reason ?? 'see the log'}; restart it when the disk works`,
      );
    const orphaned = journal.orphans.filter(({ pending }) => pending > 0);
    for (const { output, pending } of orphaned) {
      const line = `${pending} events are kept for "${output}", which is not in the configuration: tiercel journal forget ${output} --yes discards them`;
      add('warning', 'orphans', line);
    }
    return { findings, outputs: await outputStates(ask, metrics) };
  } catch (error) {
    add(
      'failed',
      'process',
      `an instance runs at ${where}, and cannot be asked: ${(error as Error).message}`,
    );
    return { findings, outputs: undefined };
  }
}

/** What the running instance says of an output. @param now epoch milliseconds */
export function describeState(found: OutputState | undefined, now: number): Finding[] {
  const what = 'delivery';
  if (found === undefined) {
    const line = 'the running instance does not have this output: reload its configuration (SIGHUP)';
    return [{ status: 'warning', what, line }];
  }
  const {
    state,
    reason = 'see the log',
    since,
    pending,
    oldest,
    lost,
    maybeLost,
    dead_letters: dead = 0,
  } = found;
  const backlog =
    pending === 0 ? 'nothing pending' : `${pending} pending, the oldest for ${roughDuration(oldest * 1000)}`;
  const lasts = roughDuration(now - since);
  const findings: Finding[] = [];
  if (state === 'ok') findings.push({ status: 'ok', what, line: `works; ${backlog}` });
  else if (state === 'retrying')
    findings.push({ status: 'warning', what, line: `retries for ${lasts}; ${backlog}: ${reason}` });
  else if (state === 'open')
    findings.push({
      status: 'failed',
      what,
      line: `circuit breaker open for ${lasts}; ${backlog}: ${reason}`,
    });
  else findings.push({ status: 'failed', what, line: `${state} for ${lasts}; ${backlog}: ${reason}` });
  if (lost + maybeLost > 0) {
    const bound = maybeLost > 0 ? `${lost} events, and up to ${maybeLost} more` : `${lost} events`;
    findings.push({ status: 'warning', what: 'lost', line: `${bound} since the start: check the disk` });
  }
  if (dead > 0) {
    const line = `${dead} stored: tiercel dlq list shows them with their reasons`;
    findings.push({ status: 'warning', what: 'dead letters', line });
  }
  return findings;
}

async function readiness(ask: Ask): Promise<{ ready: boolean; reasons: readonly string[] }> {
  const { status, body } = await get(ask, '/readyz', [200, 503]);
  return { ready: status === 200, reasons: (JSON.parse(body) as { reasons?: string[] }).reasons ?? [] };
}

async function outputStates(ask: Ask, metrics: string): Promise<ReadonlyMap<string, OutputState>> {
  type Shown = Omit<OutputState, 'oldest' | 'lost' | 'maybeLost'> & { readonly name: string };
  const { outputs } = JSON.parse((await get(ask, '/outputs', [200])).body) as { outputs: readonly Shown[] };
  return new Map(
    outputs.map(({ name, ...state }) => [
      name,
      {
        ...state,
        oldest: seriesOf(metrics, 'tiercel_output_oldest_seconds', { output: name }),
        lost: seriesOf(metrics, 'tiercel_events_lost_total', { output: name, exact: 'true' }),
        maybeLost: seriesOf(metrics, 'tiercel_events_lost_total', { output: name, exact: 'false' }),
      },
    ]),
  );
}

/** The value of one series of a Prometheus exposition; 0 when it has none. */
function seriesOf(metrics: string, name: string, labels: Readonly<Record<string, string>>): number {
  for (const line of metrics.split('\n')) {
    if (!line.startsWith(`${name}{`)) continue;
    if (Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)))
      return Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return 0;
}

async function get(ask: Ask, path: string, statuses: readonly number[]) {
  const answer = await ask(path);
  if (!statuses.includes(answer.status)) throw new Error(`${path} answered ${answer.status}`);
  return answer;
}
