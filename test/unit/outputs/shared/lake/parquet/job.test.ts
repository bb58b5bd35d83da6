import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createDecoder, noDecodeOptions } from '../../../../../../core/event/decode.ts';
import { type JobTools, startJob } from '../../../../../../outputs/shared/lake/parquet/job.ts';
import { rawEvent } from '../../../../../support/events.ts';
import { arrayBuffer, scratch } from '../support.ts';

/** A block of events as the journal hands it over. */
function blockOf(...events: readonly Uint8Array[]) {
  const entries = new Float64Array(4 * events.length);
  let offset = 0;
  for (const [i, { length }] of events.entries()) {
    entries.set([i, 0, offset, length], 4 * i);
    offset += length;
  }
  return { buffer: arrayBuffer(Buffer.concat(events)), entries };
}

it('notes as failures what is no event, and nothing else', () => {
  const tools = { decode: createDecoder(noDecodeOptions) } as JobTools;
  const job = startJob(join(scratch(), 'a.parquet'), 1, tools, { createdBy: 'a test' });
  job.add(blockOf(Buffer.from('no event'), rawEvent(1)));
  // One more than was said would come is a mistake of ours: the batch fails, and is tried again.
  expect(() => job.add(blockOf(rawEvent(2)))).toThrow(RangeError);
  job.discard();
});
