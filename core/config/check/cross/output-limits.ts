import type { Fault } from '../../explain/errors.ts';
import { spanOf } from '../../read/tree.ts';
import { formatDuration } from '../../schema/duration.ts';
import { formatSize } from '../../schema/size.ts';
import { type CrossContext, type OutputLimits, writtenAt } from './context.ts';

/** The limits of every output: they fit each other, the journal and the type of the output. */
export function checkOutputLimits(context: CrossContext): Fault[] {
  return context.limits.flatMap((output) => [
    ...checkLimits(output, context),
    ...checkBatchBounds(output, context),
  ]);
}

/** Limits that contradict each other or the journal. */
function checkLimits(
  { name, batch, isBySize, retry, breaker, maxLag }: OutputLimits,
  { sections, root }: CrossContext,
): Fault[] {
  const code = 'TIERCEL_CFG_LIMITS';
  const path = ['outputs', name];
  const faults: Fault[] = [];
  const room = sections.journal?.max_size;
  // With `batch.events` the size is seldom what closes a batch.
  const bySize = isBySize ? batch.size : undefined;
  if (room !== undefined && bySize !== undefined && bySize > room) {
    const message = `${formatSize(bySize)} is larger than journal.max_size (${formatSize(room)}): such a batch would never be complete`;
    const other = writtenAt(root, ['journal', 'max_size']);
    faults.push({
      code,
      path: [...path, 'batch', 'size'],
      message,
      span: spanOf(root, [...path, 'batch', 'size']),
      ...(other && { other }),
    });
  }
  for (const [section, backoff] of Object.entries({ retry, breaker })) {
    if (backoff === undefined || backoff.initial <= backoff.max) continue;
    const message = `${formatDuration(backoff.initial)} is longer than "max" (${formatDuration(backoff.max)})`;
    faults.push({
      code,
      path: [...path, section, 'initial'],
      message,
      span: spanOf(root, [...path, section, 'initial']),
    });
  }
  const { action, age, events } = maxLag ?? { action: 'wait' };
  if (action !== 'wait' && age === undefined && events === undefined) {
    const at = [...path, 'max_lag', 'action'];
    const message = `"${action}" has no effect without a limit`;
    const fix = 'Set max_lag.age or max_lag.events as well.';
    faults.push({ code, path: at, message, fix, span: spanOf(root, at) });
  }
  return faults;
}

/** The batch limits are within what the type of the output allows. */
function checkBatchBounds(
  { name, type, batch, bounds: { every, size } }: OutputLimits,
  { root }: CrossContext,
): Fault[] {
  const limits = [
    { limit: 'every', value: batch.every, bounds: every, format: formatDuration },
    { limit: 'size', value: batch.size, bounds: size, format: formatSize },
  ] as const;
  return limits.flatMap(({ limit, value, bounds, format }): Fault[] => {
    if (value === undefined || bounds === undefined) return [];
    const [least, most] = bounds;
    if (value >= least && value <= most) return [];
    const path = ['outputs', name, 'batch', limit];
    const message = `must be between ${format(least)} and ${format(most)} for an output of type ${type}`;
    return [{ code: 'TIERCEL_CFG_LIMITS', path, message, span: spanOf(root, path) }];
  });
}
