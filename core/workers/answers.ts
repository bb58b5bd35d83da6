import { createDecoder, type Enrich, noDecodeOptions } from '../event/decode.ts';
import type { Journal } from '../journal/journal.ts';
import type { Tap } from '../operations/tap.ts';
import { unpackAppends } from './appends.ts';
import type { Answers } from './channel.ts';
import { faultOf } from './journal-link.ts';
import type { PrimaryQuestions } from './protocol.ts';

/** What the process with the journal answers to ingest workers. */
export function answerWorkers({
  journal,
  tap,
  enrich,
}: {
  readonly journal: Pick<Journal, 'append' | 'waitForRoom'>;
  readonly tap: Pick<Tap, 'watcher' | 'missed'>;
  readonly enrich: Enrich;
}): Answers<PrimaryQuestions> {
  const decode = createDecoder(noDecodeOptions);
  return {
    // Each call stands or falls by itself, as it would without workers.
    append: (packed) =>
      Promise.all(
        unpackAppends(packed).map((entries) => journal.append(entries).then(() => undefined, faultOf)),
      ),
    room: () => journal.waitForRoom(new AbortController().signal),
    seen({ raw, receivedAt, outputs, missed }) {
      if (missed > 0) tap.missed(missed);
      tap.watcher()?.(enrich(decode(raw, receivedAt)), outputs);
    },
  };
}
