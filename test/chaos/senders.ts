import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Oracle } from './oracle.ts';
import type { Random } from './random.ts';

/** Clients that post events whatever happens to the program. */
export interface Senders {
  /** Requests by what came of them: the status, or `none` when no answer came. */
  readonly answers: ReadonlyMap<string, number>;
  /** Answers that are wrong whatever the circumstances. */
  readonly violations: readonly string[];
  stop(): Promise<void>;
}

/** Longer than `server.max_wait`, so that a late answer is heard. */
const PATIENCE = 8000;

/**
 * Posts from so many clients at once: one event as Falco does, or many as NDJSON as a relay does. An event is
 * sent once: one that got no answer may have been stored or not, and the oracle asks nothing of it.
 */
export function startSenders(url: string, oracle: Oracle, random: Random, clients: number): Senders {
  const answers = new Map<string, number>();
  const violations: string[] = [];
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
    const { id, text } = oracle.issue();
    const response = await post('/', text);
    if (response?.ok) oracle.acknowledged(id);
    // The answer's body says nothing more; a connection cut behind the head is an answer all the same.
    await response?.arrayBuffer().catch(() => undefined);
    if (response && response.status >= 400 && response.status < 500)
      violations.push(`POST / answered ${response.status}`);
    return response?.ok ?? false;
  };

  const many = async (): Promise<boolean> => {
    const events = Array.from({ length: random.between(2, 60) }, () => oracle.issue());
    const body = events.map(({ text }) => text).join('\n');
    const packed = random.chance(0.3);
    const response = await post(
      '/events',
      packed ? gzipSync(body) : body,
      packed ? { 'content-encoding': 'gzip' } : {},
    );
    if (response?.ok) for (const { id } of events) oracle.acknowledged(id);
    const text = await response?.text().catch(() => undefined);
    if (response?.status === 202 && text) {
      const { accepted, rejected } = JSON.parse(text) as { accepted: number; rejected: unknown[] };
      if (accepted !== events.length || rejected.length)
        violations.push(`POST /events: ${text.slice(0, 200)}`);
    } else if (response && ![202, 429, 503].includes(response.status)) {
      violations.push(`POST /events answered ${response.status}`);
    }
    return response?.ok ?? false;
  };

  const client = async (): Promise<void> => {
    while (!stopping) {
      const taken = random.chance(0.2) ? await many() : await one();
      // A sender whose event was not taken waits a little, else it only burns the processor.
      await sleep(taken ? random.between(0, 20) : 100);
    }
  };
  const running = Array.from({ length: clients }, client);
  return {
    answers,
    violations,
    stop: async () => {
      stopping = true;
      await Promise.all(running);
    },
  };
}
