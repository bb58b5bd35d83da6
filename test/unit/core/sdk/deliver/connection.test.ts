import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  abortable,
  type ConnectionOptions,
  type DiagnoseOptions,
  delivered,
  type Finding,
  keepConnection,
  overConnection,
} from '../../../../../core/sdk/index.ts';
import { freePort } from '../../../../support/port.ts';
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

describe('the check of overConnection', () => {
  async function diagnose(options: Partial<ConnectionOptions<string>>, signal = neverAborts()) {
    const closed: string[] = [];
    const output = overConnection<string, unknown>(
      { open: async () => 'one', close: (name) => closed.push(name), ...options },
      async () => delivered(),
    );
    const found: Finding[] = [];
    for await (const finding of output.diagnose!({} as DiagnoseOptions, signal)) found.push(finding);
    return { found, closed, short: found.map(({ what, status }) => `${what} ${status}`) };
  }

  async function listening(): Promise<{ host: string; port: number }> {
    const server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  it('opens a connection and closes it', async () => {
    const { short, closed } = await diagnose({});
    expect(short).toEqual(['session ok']);
    expect(closed).toEqual(['one']);
  });

  it('reaches the address first, and opens nothing when it cannot', async () => {
    const good = await diagnose({ address: await listening() });
    expect(good.short).toEqual(['connection ok', 'session ok']);
    let opened = 0;
    const open = async () => `${opened++}`;
    const bad = await diagnose({ open, address: { host: '127.0.0.1', port: await freePort() } });
    expect(bad.short).toEqual(['connection failed']);
    expect(opened).toBe(0);
  });

  it('takes any one of several addresses', async () => {
    const dead = async () => ({ host: '127.0.0.1', port: await freePort() });
    const some = await diagnose({ address: [await dead(), await listening()] });
    expect(some.short).toEqual(['connection warning', 'connection ok', 'session ok']);
    const none = await diagnose({ address: [await dead(), await dead()] });
    expect(none.short).toEqual(['connection warning', 'connection warning', 'connection failed']);
  });

  it('says why it cannot be opened, and ends at the abort', async () => {
    const refused = await diagnose({ open: () => Promise.reject(new Error('wrong password')) });
    expect(refused.found).toEqual([{ status: 'failed', what: 'session', line: 'wrong password' }]);
    const abort = new AbortController();
    let open = (_name: string) => {};
    const opening = new Promise<string>((resolve) => {
      open = resolve;
    });
    setTimeout(() => abort.abort(), 5);
    const late = await diagnose({ open: () => opening }, abort.signal);
    expect(late.found).toEqual([{ status: 'failed', what: 'session', line: 'no answer in time' }]);
    // What opens afterwards is closed.
    open('late');
    await settled();
    expect(late.closed).toEqual(['late']);
  });
});
