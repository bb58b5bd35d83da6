import type { BatchLimits } from '../../sdk/contract/batch.ts';
import type { AnyOutputDefinition } from '../../sdk/contract/output.ts';
import type { Fault, Path } from '../explain/errors.ts';
import { decodeScalars } from '../schema/decode.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { OutputSchema, type OutputSettings } from '../schema/output.ts';
import type { OutputLimits } from './cross/context.ts';

/** True if the value at the path, or a value below it, has an error. */
export function isWrong(faults: readonly Fault[], path: Path): boolean {
  return faults.some((fault) => path.every((step, index) => fault.path[index] === step));
}

/**
 * The valid part of the limits.
 *
 * @param value of the output in YAML spelling, with defaults
 * @param faults of the output
 */
export function limitsOf(
  {
    name,
    type,
    definition,
  }: { readonly name: string; readonly type?: string; readonly definition?: AnyOutputDefinition },
  value: object,
  faults: readonly Fault[],
): OutputLimits {
  const hasFault = (...at: string[]) => isWrong(faults, ['outputs', name, ...at]);
  // An unknown key may be a misspelt one of the two.
  const isUnread = (section: string) =>
    faults.some(({ path }) => path.length === 3 && path[1] === name && path[2] === section);
  const isBackoff = (section: string) =>
    !isUnread(section) && !hasFault(section, 'initial') && !hasFault(section, 'max');
  const settings = decodeScalars(OutputSchema as JsonSchema, value) as OutputSettings;
  const given = Object.entries(settings.batch ?? {}).filter(([limit]) => !hasFault('batch', limit));
  const batch: BatchLimits = { ...definition?.batch, ...Object.fromEntries(given) };
  return {
    name,
    ...(type !== undefined && { type }),
    batch,
    isBySize: batch.events === undefined && !hasFault('batch', 'events'),
    bounds: definition?.batchBounds ?? {},
    ...(isBackoff('retry') && { retry: settings.retry }),
    ...(isBackoff('breaker') && { breaker: settings.breaker }),
    ...(!hasFault('max_lag') && { maxLag: settings.max_lag }),
  };
}
