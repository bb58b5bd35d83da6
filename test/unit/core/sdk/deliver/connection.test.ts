import { describe, expect, it } from 'vitest';
import { abortable, delivered, keepConnection, overConnection } from '../../../../../core/sdk/index.ts';
import { batchOf } from '../../../outputs/support.ts';

const neverAborts = () => new AbortController().signal;

/** A client whose openings are decided by the test. */
function client() {
  const openings: { resolve(name: string): void; reject(error: Error): void; signal: AbortSignal }[] = [];
  const closed: string[] = [];
  const lost = new Set<string>();
  const connection = keepConnection<string>({
    open: (signal) =>
      new Promise((resolve, reject) => {
        openings.push({ resolve, reject, signal });
      }),
    isOpen: (name) => !lost.has(name),
    close: (name) => closed.push(name),
  });
  /** Asks, and lets the opening begin. */
  const ask = async (signal = neverAborts()) => {
    const answer = connection.get(signal);
    answer.catch(() => {});
    await settled();
    return { answer };
  };
  return { connection, openings, closed, lost, ask };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('keepConnection', () => {
  it('opens once for all who ask, and keeps what it has', async () => {
    const { connection, openings, ask } = client();
    const [first, second] = [await ask(), await ask()];
    openings[0]!.resolve('one');
    expect(await Promise.all([first.answer, second.answer])).toEqual(['one', 'one']);
    expect(await connection.get(neverAborts())).toBe('one');
    expect(openings).toHaveLength(1);
  });

  it('opens another when the one it has is lost', async () => {
    const { openings, lost, closed, ask } = client();
    const { answer } = await ask();
    openings[0]!.resolve('one');
    await answer;
    lost.add('one');
    const again = await ask();
    openings[1]!.resolve('two');
    expect(await again.answer).toBe('two');
    expect(closed).toEqual(['one']);
  });

  it('tries again after a failure, of which everybody hears who waited', async () => {
    const { openings, ask } = client();
    const [first, second] = [await ask(), await ask()];
    openings[0]!.reject(new Error('refused'));
    await expect(first.answer).rejects.toThrow('refused');
    await expect(second.answer).rejects.toThrow('refused');
    const { answer } = await ask();
    openings[1]!.resolve('two');
    expect(await answer).toBe('two');
  });

  it('gives an opening up when the last who waited is gone, and closes what it gives in the end', async () => {
    const { openings, closed, ask } = client();
    const [one, two] = [new AbortController(), new AbortController()];
    const [first, second] = [await ask(one.signal), await ask(two.signal)];
    one.abort();
    await expect(first.answer).rejects.toThrow('no answer in time');
    expect(openings[0]!.signal.aborted).toBe(false);
    two.abort();
    await expect(second.answer).rejects.toThrow('no answer in time');
    expect(openings[0]!.signal.aborted).toBe(true);
    const { answer } = await ask();
    openings[0]!.resolve('late');
    openings[1]!.resolve('two');
    expect(await answer).toBe('two');
    expect(closed).toEqual(['late']);
  });

  it('closes what it has, and what it is about to have', async () => {
    const { connection, openings, closed, ask } = client();
    const { answer } = await ask();
    await connection.close();
    await expect(answer).rejects.toThrow();
    openings[0]!.resolve('one');
    const again = await ask();
    openings[1]!.resolve('two');
    await again.answer;
    await connection.close();
    expect(closed).toEqual(['one', 'two']);
  });
});

describe('abortable', () => {
  it('gives what the work gives', async () => {
    expect(await abortable(Promise.resolve(1), neverAborts())).toBe(1);
    await expect(abortable(Promise.reject(new Error('no')), neverAborts())).rejects.toThrow('no');
  });

  it('does not wait after the abort, and hears the failure that comes later', async () => {
    const abort = new AbortController();
    let fail = (_: Error) => {};
    const work = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const answer = abortable(work, abort.signal);
    abort.abort();
    await expect(answer).rejects.toThrow('no answer in time');
    fail(new Error('late'));
    await settled();
    await expect(abortable(new Promise(() => {}), abort.signal)).rejects.toThrow('no answer in time');
  });
});

describe('overConnection', () => {
  it('opens at the start, sends over what is open, opens again what was lost and closes at the stop', async () => {
    const seen: string[] = [];
    let opened = 0;
    const output = overConnection<{ lost: boolean; name: number }, string>(
      {
        open: async () => ({ lost: false, name: ++opened }),
        isOpen: ({ lost }) => !lost,
        close: ({ name }) => seen.push(`close ${name}`),
      },
      async (connection, { records }) => {
        seen.push(`${records.join()} over ${connection.name}`);
        connection.lost = true;
        return delivered();
      },
    );
    await output.start?.(neverAborts());
    expect(opened).toBe(1);
    const batch = (record: string) => batchOf([record]);
    expect(await output.deliver(batch('a'), neverAborts())).toEqual({ status: 'delivered' });
    await output.deliver(batch('b'), neverAborts());
    await output.stop?.(neverAborts());
    expect(seen).toEqual(['a over 1', 'close 1', 'b over 2', 'close 2']);
  });
});
