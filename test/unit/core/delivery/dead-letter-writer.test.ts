import { expect, it } from 'vitest';
import type { DeadLetter } from '../../../../core/dead-letters/store.ts';
import { createDeadLetterWriter } from '../../../../core/delivery/dead-letter-writer.ts';
import { createHealthBoard } from '../../../../core/delivery/health.ts';
import { JournalFullError, type StoredEvent } from '../../../../core/journal/journal.ts';
import type { PositionSet } from '../../../../core/journal/positions.ts';
import { never, nobody } from '../../../support/batch-slices.ts';
import { rawEvent } from '../../../support/events.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

/** A writer on a journal of which some events are damaged; `fail` is asked before letters are taken. */
function setUp({ damaged = [] as number[], fail = () => {} } = {}) {
  const clock = createFakeClock();
  const given: DeadLetter[][] = [];
  const fetched: number[][] = [];
  const write = createDeadLetterWriter({
    store: {
      async append(letters) {
        fail();
        given.push([...letters]);
      },
      waitForRoom: async () => {},
    },
    subscription: {
      output: 'lake',
      settled: () => 0,
      identify: (positions) => `s${positions.first}`,
      async *fetch(positions: PositionSet): AsyncGenerator<readonly StoredEvent[]> {
        fetched.push([...positions]);
        for (const position of positions)
          if (!damaged.includes(position))
            yield [{ position, receivedAt: position, raw: rawEvent(position) }];
      },
    },
    epoch: 'e',
    clock,
    health: createHealthBoard(clock, nobody),
    stopping: never,
  });
  const aside = (...positions: number[]) =>
    positions.map((position) => ({ position, cause: 'rejected' as const, reason: 'no' }));
  const letters = () => given.flat().map(({ event, raw }) => [event!.position, raw.length > 0]);
  return { clock, write, aside, letters, fetched };
}

it('writes each event once with its bytes; those whose bytes are corrupt are lost', async () => {
  const { write, aside, letters } = setUp({ damaged: [2, 4] });
  const lost = { position: 9, cause: 'lost' as const, reason: 'corrupt' };
  const written = await write([...aside(3, 1, 2, 4), lost]);
  expect(letters()).toEqual([
    [1, true],
    [3, true],
  ]);
  expect(written.map(({ position, cause }) => [position, cause])).toEqual([
    [3, 'rejected'],
    [1, 'rejected'],
    [2, 'lost'],
    [4, 'lost'],
    [9, 'lost'],
  ]);
});

it('goes on where it was when the store failed, or was full', async () => {
  let calls = 0;
  const fail = () => {
    calls++;
    if (calls === 2) throw new Error('EIO');
    if (calls === 4) throw new JournalFullError('full');
  };
  const { clock, write, aside, letters, fetched } = setUp({ fail });
  const writing = write(aside(1, 2, 3));
  await clock.advance(5000);
  await writing;
  expect(letters()).toEqual([
    [1, true],
    [2, true],
    [3, true],
  ]);
  // What is written is not read again.
  expect(fetched).toEqual([
    [1, 2, 3],
    [2, 3],
  ]);
});
