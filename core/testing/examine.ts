import assert from 'node:assert/strict';
import type { Output } from '../sdk/contract/output.ts';
import { decodeEvent, markedEvents } from './events.ts';
import { neverAborts } from './settles.ts';

/** What `tiercel doctor` learns of a destination. */
export interface Examination {
  /** Everything was looked at and is well. */
  readonly well: boolean;
  /** What is wrong, or could not be asked. */
  readonly problems: readonly string[];
  /** Everything that an operator reads. */
  readonly said: readonly string[];
}

/** Examines a destination as `tiercel doctor` does; undefined for an output that has no check. */
export async function examine(output: Output): Promise<Examination | undefined> {
  if (output.diagnose !== undefined) {
    const sample = decodeEvent(markedEvents(1)[0]!.raw, Date.UTC(2026, 0, 2));
    const said: string[] = [];
    const problems: string[] = [];
    for await (const { status, what, line } of output.diagnose({ write: false, sample }, neverAborts())) {
      said.push(`${what}: ${line}`);
      if (status === 'failed' || status === 'unknown') problems.push(line);
    }
    return { well: problems.length === 0, problems, said };
  }
  if (output.check === undefined) return undefined;
  try {
    await output.check(neverAborts());
    return { well: true, problems: [], said: [] };
  } catch (error) {
    const { message } = error as Error;
    return { well: false, problems: [message], said: [message] };
  }
}

/** Asserts that a problem says what is wrong, and not only that something is. */
export function assertUseful(reason: string): void {
  const text = String(reason ?? '').trim();
  assert.ok(
    text.length >= 10 &&
      !/^(Error:?\s*)?(undefined|null|fetch failed|\[object \w+\]|AggregateError)$/i.test(text),
    `the check fails and says only ${JSON.stringify(text)}: say what is wrong (describeFailure)`,
  );
}
