import type { Fault } from '../../explain/errors.ts';
import { type Node, spanOf } from '../../read/tree.ts';
import type { OutputConfig } from '../../schema/config.ts';
import { formatDuration } from '../../schema/duration.ts';
import type { ConfigSections } from '../../schema/schema.ts';
import { formatSize } from '../../schema/size.ts';
import type { Whole } from './context.ts';

/** Limits of one output that contradict each other or the journal. */
export function checkLimits({ name, batch, policy }: OutputConfig, { sections, root }: Whole): Fault[] {
  const code = 'TIERCEL_CFG_LIMITS';
  const path = ['outputs', name];
  const faults: Fault[] = [];
  const room = sections.journal?.max_size;
  // With `batch.events` the size is seldom what closes a batch.
  const bySize = batch.events === undefined ? batch.size : undefined;
  if (room !== undefined && bySize !== undefined && bySize > room) {
    const message = `a batch of ${formatSize(bySize)} does not fit into the journal, whose max_size is ${formatSize(room)}`;
    faults.push({
      code,
      path: [...path, 'batch', 'size'],
      message,
      span: spanOf(root, [...path, 'batch', 'size']),
      other: spanOf(root, ['journal', 'max_size']),
    });
  }
  for (const [section, { initial, max }] of [
    ['retry', policy.retry] as const,
    ['breaker', policy.breaker] as const,
  ]) {
    if (initial <= max) continue;
    const message = 'is longer than "max"';
    faults.push({
      code,
      path: [...path, section, 'initial'],
      message,
      span: spanOf(root, [...path, section, 'initial']),
    });
  }
  const { action, age, events } = policy.maxLag;
  if (action !== 'wait' && age === undefined && events === undefined) {
    const at = [...path, 'max_lag', 'action'];
    const message = 'says what happens beyond a limit, and there is none';
    const fix = 'Set max_lag.age or max_lag.events, too.';
    faults.push({ code, path: at, message, fix, span: spanOf(root, at) });
  }
  return faults;
}

/** What the type of an output allows for its batches. */
export function checkBounds({ name, type, batch, definition }: OutputConfig, { root }: Whole): Fault[] {
  const { every, size } = definition.batchBounds ?? {};
  const limits = [
    { limit: 'every', value: batch.every, bounds: every, format: formatDuration },
    { limit: 'size', value: batch.size, bounds: size, format: formatSize },
  ] as const;
  return limits.flatMap(({ limit, value, bounds, format }): Fault[] => {
    if (value === undefined || bounds === undefined) return [];
    const [least, most] = bounds;
    if (value >= least && value <= most) return [];
    const path = ['outputs', name, 'batch', limit];
    const message = `must be between ${format(least)} and ${format(most)} for an output of the type ${type}`;
    return [{ code: 'TIERCEL_CFG_LIMITS', path, message, span: spanOf(root, path) }];
  });
}

/** Limits of the sections that contradict each other. */
export function checkSections({ server, journal }: Partial<ConfigSections>, root: Node): Fault[] {
  const code = 'TIERCEL_CFG_LIMITS';
  const faults: Fault[] = [];
  if (journal && journal.segment_size > journal.max_size) {
    const path = ['journal', 'segment_size'];
    const message = `${formatSize(journal.segment_size)} is larger than journal.max_size, ${formatSize(journal.max_size)}`;
    const fix = 'A quarter of it, or less, lets space be given back while the rest is in use.';
    faults.push({ code, path, message, fix, span: spanOf(root, path) });
  }
  if (server && journal && server.max_body > journal.max_size) {
    const path = ['server', 'max_body'];
    const message = `is larger than journal.max_size, ${formatSize(journal.max_size)}: such a body could never be taken`;
    faults.push({ code, path, message, span: spanOf(root, path) });
  }
  return faults;
}
