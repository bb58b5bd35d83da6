import { expect, test } from 'vitest';
import { JournalFailedError, JournalFullError } from '../../../../core/journal/journal.ts';
import { type PackedAppends, unpackAppends } from '../../../../core/workers/appends.ts';
import { createJournalLink, faultOf } from '../../../../core/workers/journal-link.ts';
import type { AppendFault } from '../../../../core/workers/protocol.ts';

type Ask = Parameters<typeof createJournalLink>[0]['ask'];

const entry = (text: string) => ({ raw: Buffer.from(text), receivedAt: 1, outputs: ['a'] });

/** A primary that answers each call by what `judge` says of its first event. */
function primary(judge: (text: string) => AppendFault | undefined) {
  const groups: string[][][] = [];
  const ask = (async (name: string, body: unknown) => {
    if (name !== 'append') return undefined;
    const calls = unpackAppends(body as PackedAppends).map((entries) =>
      entries.map(({ raw }) => Buffer.from(raw).toString()),
    );
    groups.push(calls);
    return calls.map(([text]) => judge(text!));
  }) as Ask;
  return { link: createJournalLink({ ask }), groups };
}

test('calls of one turn cross together, and each is judged by itself', async () => {
  const full = faultOf(new JournalFullError('the journal is full'));
  const { link, groups } = primary((text) => (text === 'b' ? full : undefined));
  const results = await Promise.allSettled(['a', 'b', 'c'].map((text) => link.append([entry(text)])));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(JournalFullError);
  expect(groups).toEqual([[['a'], ['b'], ['c']]]);
});

test.each([
  [new RangeError('too much at once'), RangeError],
  [new JournalFailedError('the disk is gone'), JournalFailedError],
  [new Error('anything else'), JournalFailedError],
])('%s arrives as what it is to those who ask for room', async (error, type) => {
  const { link } = primary(() => faultOf(error));
  const append = link.append([entry('a')]);
  await expect(append).rejects.toBeInstanceOf(type);
  await expect(append).rejects.toThrow(error.message);
});

test('a primary that is gone is a journal that failed', async () => {
  const link = createJournalLink({ ask: (() => Promise.reject(new Error('it has ended'))) as Ask });
  await expect(link.append([entry('a')])).rejects.toThrow('it has ended');
});

test('one question for room serves all who wait, and giving up leaves none behind', async () => {
  let asked = 0;
  let answer = () => {};
  const link = createJournalLink({
    ask: (() => {
      asked++;
      return new Promise<void>((resolve) => {
        answer = resolve;
      });
    }) as unknown as Ask,
  });
  await link.waitForRoom(AbortSignal.abort());
  const waiting = [1, 2].map(() => link.waitForRoom(new AbortController().signal));
  answer();
  await Promise.all(waiting);
  expect(asked).toBe(1);
});
