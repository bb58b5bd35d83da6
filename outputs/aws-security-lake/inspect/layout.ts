import type { ChunkPages, RowGroupSizes } from '../../shared/lake/inspect/index.ts';
import type { Violation } from './rules.ts';

/** AWS writes MB; both readings of it are at most this. */
export const MAX_PAGE = 1024 * 1024;
export const MAX_ROW_GROUP = 256 * 1024 * 1024;

/** Judges the row groups of a file. */
export function* checkGroups(groups: readonly RowGroupSizes[]): Generator<Violation> {
  for (const [index, { compressed }] of groups.entries()) {
    if (compressed > MAX_ROW_GROUP) {
      yield { rule: 'row_group', detail: `row group ${index} has ${compressed} bytes` };
    }
  }
}

/** Judges the pages of a column chunk. A page of a single value may be as large as the value. */
export function* checkPages({
  group,
  column,
  codec,
  largest,
  largestValues,
}: ChunkPages): Generator<Violation> {
  const where = `row group ${group}, column ${column}`;
  if (codec !== 'ZSTD') yield { rule: 'codec', detail: `${where} is compressed with ${codec}` };
  if (largest > MAX_PAGE && largestValues > 1) {
    yield { rule: 'page', detail: `${where} has a page of ${largest} bytes with ${largestValues} values` };
  }
}
