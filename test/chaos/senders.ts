import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Findings } from './findings.ts';
import type { Oracle } from './oracle.ts';
import { createPace } from './pace.ts';
import { type Random, randomOf } from './random.ts';

/** Clients that post events whatever happens to the program. */
export interface Senders {
  /** Requests by what came of them: the status, or `none` when no answer came. */
  readonly answers: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

export interface SendersOptions {
  readonly url: string;
  readonly seed: number;
  readonly oracle: Oracle;
  readonly findings: Pick<Findings, 'add'>;
  readonly clients: number;
  /** Events per second of all clients. */
  readonly rate: number;
}

/** Longer than `server.max_wait`, so that a late answer is heard. */
const PATIENCE = 8000;
/** After an event that was not taken, milliseconds: at once, it would only burn the processor. */
const PAUSE = 100;

/**
 * Posts from several clients at once: one event as Falco does, or many as NDJSON as a relay does. An event is
 * sent once: one that got no answer may have been stored or not, and the oracle asks nothing of it.
 */
export function startSenders({ url, seed, oracle, findings, clients, rate }: SendersOptions): Senders {
  const answers = new Map<string, number>();
  const pace = createPace(rate);
  let stopping = false;

  const count = (answer: string): void => {
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  };
  const post = async (
    path: string,
    body: string | Uint8Array,
    headers = {},
  ): Promise<Response | undefined> => {
    try {
      const response = await fetch(url + path, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
        signal: AbortSignal.timeout(PATIENCE),
      });
      count(String(response.status));
      return response;
    } catch {
      count('none');
      return undefined;
    }
  };

  const one = async (): Promise<boolean> => {
    await pace.take(1);
    const { id, text } = oracle.issue();
    const response = await post('/', text);
    if (response?.ok) oracle.acknowledged(id);
    // The answer's body says nothing more; a connection cut after the head is an answer all the same.
    await response?.arrayBuffer().catch(() => undefined);
    if (response && response.status >= 400 && response.status < 500)
      findings.add('POST / refuses a valid event', `answered ${response.status}`, id);
    return response?.ok ?? false;
  };

  const many = async (random: Random): Promise<boolean> => {
    const number = random.between(2, 60);
    const packed = random.chance(0.3);
    await pace.take(number);
    const events = Array.from({ length: number }, () => oracle.issue());
    const body = events.map(({ text }) => text).join('\n');
    const response = await post(
      '/events',
      packed ? gzipSync(body) : body,
      packed ? { 'content-encoding': 'gzip' } : {},
    );
    if (response?.ok) for (const { id } of events) oracle.acknowledged(id);
    const text = await response?.text().catch(() => undefined);
    const first = events[0]!.id;
    if (response?.status === 202 && text) {
      const { accepted, rejected } = JSON.parse(text) as { accepted: number; rejected: unknown[] };
      if (accepted !== number || rejected.length)
        findings.add(
          'POST /events refuses valid events',
          `and ${number - 1} more: ${text.slice(0, 200)}`,
          first,
        );
    } else if (response && ![202, 429, 503].includes(response.status)) {
      findings.add('POST /events refuses valid events', `answered ${response.status}`, first);
    }
    return response?.ok ?? false;
  };

  const client = async (_: unknown, number: number): Promise<void> => {
    const random = randomOf(seed, `client ${number}`);
    while (!stopping) {
      const taken = random.chance(0.2) ? await many(random) : await one();
      if (!taken) await sleep(PAUSE);
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    answers,
    stop: async () => {
      stopping = true;
      await Promise.all(running);
    },
  };
}
