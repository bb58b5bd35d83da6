import type { Logger } from '../../sdk/contract/logger.ts';
import type { Quarantine } from '../files/quarantine.ts';
import type { PositionBits } from '../position-bitmap.ts';
import type { Gap } from './codec.ts';
import type { Segment } from './segment.ts';

/** Damage that reading meets: each place is counted, said and set aside once, however often it is met. */
export interface Damage {
  met(segment: Segment, gap: Gap): Promise<void>;
  /** Damaged frames met. */
  count(): number;
}

/** @param known positions found damaged at the start; grows by those that are met */
export function createDamage({
  known,
  quarantine,
  log,
}: {
  readonly known: PositionBits;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}): Damage {
  const places = new Set<string>();
  let count = 0;
  return {
    async met({ path, last: lastInSegment }, { offset, length, after, before }) {
      const last = (before ?? lastInSegment + 1) - 1;
      const place = `${path}:${offset}`;
      const fresh = last > after ? known.addRun(after + 1, last) : places.has(place) ? 0 : 1;
      places.add(place);
      if (fresh === 0) return;
      count += fresh;
      const isKept = await quarantine.copy(path, offset, length);
      log.error(
        { path, offset, bytes: length, events: fresh },
        `found corrupt bytes in the journal${isKept ? '; they were copied to corrupt/' : ''}`,
      );
    },
    count: () => count,
  };
}
