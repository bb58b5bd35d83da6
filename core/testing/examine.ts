import assert from 'node:assert/strict';
import { findingsOf } from '../plugins/findings.ts';
import type { Output } from '../sdk/contract/output.ts';
import { decodeEvent, markedEvents } from './events.ts';

/** What `tiercel doctor` learns of a destination. */
export interface Examination {
  /** What is wrong. */
  readonly failed: readonly string[];
  /** What is wrong or could not be checked. Empty: the destination is ready. */
  readonly problems: readonly string[];
  /** Everything that an operator reads. */
  readonly said: readonly string[];
}

/** Examines a destination as `tiercel doctor` does; undefined for an output that has no check. */
export async function examine(output: Output, signal: AbortSignal): Promise<Examination | undefined> {
  if (output.diagnose === undefined && output.check === undefined) return undefined;
  const sample = decodeEvent(markedEvents(1)[0]!.raw, Date.UTC(2026, 0, 2));
  const said: string[] = [];
  const failed: string[] = [];
  const problems: string[] = [];
  for await (const { status, what, line } of findingsOf(output, { write: false, sample }, signal)) {
    said.push(`${what}: ${line}`);
    if (status === 'failed') failed.push(line);
    if (status === 'failed' || status === 'not_checked') problems.push(line);
  }
  return { failed, problems, said };
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
