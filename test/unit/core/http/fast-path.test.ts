import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createFastPath } from '../../../../core/http/fast-path.ts';
import { type RunningServer, startServer } from '../../../../core/http/server.ts';
import { JournalFailedError, JournalFullError } from '../../../../core/journal/journal.ts';
import { EVENT, setup } from './setup.ts';

const running: RunningServer[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop(AbortSignal.abort());
});

/** The same program twice: as it is served, and with every request left to the application. */
async function both(options: Parameters<typeof setup>[0] = {}) {
  const auth = options.app?.auth;
  const start = async (shortcut: boolean) => {
    const context = await setup(options);
    const { app, ingest, bodies, noteRefusal, maxBody, log } = context;
    let taken = 0;
    const fastPath = createFastPath({ ingest, bodies, noteRefusal, log, ...(auth && { auth }) });
    const server = await startServer({
      fetch: app.fetch,
      ...(shortcut && {
        fastPath: (incoming, outgoing) => {
          const mine = fastPath(incoming, outgoing);
          if (mine) taken++;
          return mine;
        },
      }),
      at: { host: '127.0.0.1', port: 0 },
      maxConnections: 100,
      maxBody,
      log,
    });
    running.push(server);
    return { ...context, server, taken: () => taken };
  };
  return { direct: await start(true), application: await start(false) };
}

async function answerOf(server: RunningServer, init: RequestInit, path = '/') {
  const response = await fetch(`${server.url}${path}`, { method: 'POST', ...init });
  const headers = Object.fromEntries(response.headers);
  delete headers.date;
  return { status: response.status, headers, body: await response.text() };
}

const events: Record<string, RequestInit> = {
  'an event': { body: EVENT },
  'an event in bytes that are not UTF-8': { body: Buffer.from(EVENT.replace('"R"', '"\xff"'), 'latin1') },
  'no JSON': { body: '{' },
  'a list': { body: `[${EVENT}]` },
  'no rule': { body: EVENT.replace('rule', 'rul') },
  nothing: { body: '' },
};

describe('createFastPath', () => {
  it.each(Object.entries(events))('answers %s as the application does', async (_name, init) => {
    const { direct, application } = await both();
    expect(await answerOf(direct.server, init)).toEqual(await answerOf(application.server, init));
    expect(direct.taken()).toBe(1);
    expect(await direct.stored()).toEqual(await application.stored());
    expect(direct.counts).toEqual(application.counts);
  });

  it('leaves what is out of the ordinary to the application', async () => {
    const { direct, application } = await both({ maxBody: 200_000 });
    const large = EVENT.replace('"R"', `"${'R'.repeat(70_000)}"`);
    const others: [RequestInit, string?][] = [
      [{ body: large }],
      [{ body: 'x'.repeat(300_000) }],
      [{ body: gzipSync(EVENT), headers: { 'content-encoding': 'gzip' } }],
      [{ body: EVENT }, '/events'],
      [{ body: EVENT }, '/?x=1'],
      [{ method: 'GET' }],
      [{ method: 'PUT', body: EVENT }],
    ];
    for (const [init, path] of others) {
      expect(await answerOf(direct.server, init, path)).toEqual(
        await answerOf(application.server, init, path),
      );
    }
    expect(direct.taken()).toBe(0);
    expect(await direct.stored()).toEqual(await application.stored());
  });

  it('demands the credentials', async () => {
    const { direct, application } = await both({ app: { auth: { bearer: ['secret'] } } });
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: 'Bearer secret' }]) {
      const init = { body: EVENT, headers: headers as Record<string, string> };
      expect(await answerOf(direct.server, init)).toEqual(await answerOf(application.server, init));
    }
    expect(direct.taken()).toBe(3);
    expect(await direct.stored()).toEqual([EVENT]);
  });

  it.each([
    ['is full', new JournalFullError('full')],
    ['has failed', new JournalFailedError('gone')],
    ['breaks', new TypeError('unexpected')],
  ])('says when the journal %s', async (_name, error) => {
    const journal = { append: () => Promise.reject(error), waitForRoom: async () => {} };
    const { direct, application } = await both({ journal, maxWait: 20 });
    const init = { body: EVENT };
    const answer = await answerOf(direct.server, init);
    expect(answer).toEqual(await answerOf(application.server, init));
    expect(answer.status).toBe(503);
  });

  it.each([
    ['for room', () => new JournalFullError('full')],
    ['for a disk that fails', () => new JournalFailedError('no file can be opened')],
  ])('stops waiting %s when the journal has failed for good', async (_name, error) => {
    const failing = new AbortController();
    let tries = 0;
    const journal = {
      failed: failing.signal,
      append: async () => {
        tries++;
        throw failing.signal.aborted ? new JournalFailedError('gone') : error();
      },
      waitForRoom: () => new Promise<void>(() => {}),
    };
    const { direct } = await both({ journal, maxWait: 60_000 });
    const answer = answerOf(direct.server, { body: EVENT });
    await expect.poll(() => tries).toBeGreaterThan(0);
    failing.abort();
    expect((await answer).status).toBe(503);
    expect(direct.counts).toMatchObject({ received: 0, failed: 1 });
  });

  it('stops waiting for room when the client goes away', async () => {
    let waits = 0;
    let aborted = 0;
    const journal = {
      append: () => Promise.reject(new JournalFullError('full')),
      waitForRoom: (signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          waits++;
          signal.addEventListener('abort', () => {
            aborted++;
            resolve();
          });
        }),
    };
    const { direct } = await both({ journal, maxWait: 60_000 });
    const client = new AbortController();
    const request = fetch(direct.server.url, { method: 'POST', body: EVENT, signal: client.signal });
    await expect.poll(() => waits).toBe(1);
    client.abort();
    await expect(request).rejects.toThrow();
    await expect.poll(() => aborted).toBe(1);
    await expect.poll(() => direct.counts.full).toBe(1);
  });
});
