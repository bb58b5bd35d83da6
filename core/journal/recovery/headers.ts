import type { SegmentHeader } from '../codec.ts';
import { decodeHeader, HEADER_BYTES } from '../codec.ts';
import { readAll } from '../filesystem.ts';
import { segmentPath } from '../segment.ts';
import type { RecoverOptions, Tally } from './options.ts';

/** The headers of the segments that belong to this log, ascending; what does not is set aside and said. */
export async function readHeaders(
  { fs, directory, quarantine, log }: RecoverOptions,
  numbers: readonly number[],
  tally: Tally,
): Promise<SegmentHeader[]> {
  const headers: SegmentHeader[] = [];
  for (const number of numbers) {
    const path = segmentPath(directory, number);
    const file = await fs.open(path, 'read');
    const size = await file.size();
    const header = decodeHeader(await readAll(file, new Uint8Array(HEADER_BYTES), 0));
    await file.close();
    if (header === undefined && number === numbers.at(-1) && size <= HEADER_BYTES) {
      // The process ended while it began this one; nothing in it was ever acknowledged.
      tally.recoveredBytes += size;
      await fs.remove(path);
    } else if (header?.number !== number) {
      const what =
        header === undefined ? 'its header is damaged' : `it is a copy of segment ${header.number}`;
      log.error({ path, bytes: size }, `a segment was set aside: ${what}`);
      await quarantine.move(path);
    } else headers.push(header);
  }
  const epoch = headers.at(-1)?.epoch;
  const own = headers.filter((header) => header.epoch === epoch);
  for (const header of headers.filter((header) => header.epoch !== epoch)) {
    const path = segmentPath(directory, header.number);
    log.error({ path, epoch: header.epoch }, 'a segment was set aside: it belongs to another journal');
    await quarantine.move(path);
  }
  return own;
}
