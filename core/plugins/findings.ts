import type { DiagnoseOptions, Finding, Output, StreamOutput } from '../sdk/contract/output.ts';

/**
 * Everything that an output finds out about its destination: the steps of `diagnose`, then `check`, whose throw is a failed step.
 * Nothing for an output that has neither.
 *
 * @throws what `diagnose` throws
 */
export async function* findingsOf(
  output: Output | StreamOutput,
  options: DiagnoseOptions,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  let isReached = true;
  if (output.diagnose !== undefined) {
    for await (const finding of output.diagnose(options, signal)) {
      if (finding.status === 'failed') isReached = false;
      yield finding;
    }
  }
  // The check of a destination that cannot be reached would only say so again.
  if (output.check === undefined || !isReached) return;
  try {
    await output.check(signal);
    yield { status: 'ok', what: 'check', line: 'the destination is ready' };
  } catch (error) {
    const line = error instanceof Error ? error.message : String(error);
    yield { status: 'failed', what: 'check', line };
  }
}
