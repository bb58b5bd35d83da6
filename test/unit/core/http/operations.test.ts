import { describe, expect, it } from 'vitest';
import { openDeadLetterStore } from '../../../../core/dead-letters/store.ts';
import { createGuard } from '../../../../core/http/guard.ts';
import { startServer } from '../../../../core/http/server.ts';
import { type Journal, JournalFullError } from '../../../../core/journal/journal.ts';
import { createMemoryJournal } from '../../../../core/journal/memory/journal.ts';
import { createOperations, OperationError, type Operations } from '../../../../core/operations/operations.ts';
import type { DeadLetterSummary } from '../../../../core/operations/report.ts';
import { createTap } from '../../../../core/operations/tap.ts';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import { EVENT, setup } from './setup.ts';

const letter = (id: number): DeadLetterSummary => ({
  id,
  output: 'lake',
  cause: 'rejected',
  reason: 'too large',
  bytes: 1,
  attempts: 1,
  received_at: '2026-07-10T06:00:00.000Z',
  first_attempt: '2026-07-10T06:00:00.000Z',
  last_attempt: '2026-07-10T06:00:00.000Z',
});

/** The routes over operations that note what they were asked for. */
async function routes(overrides: Partial<Operations> = {}, app: object = {}) {
  const asked: unknown[] = [];
  const operations: Operations = {
    async *deadLetters(filter) {
      asked.push(filter);
      yield letter(1);
      yield letter(2);
    },
    deadLetter: async (id) => (id === 1 ? letter(1) : undefined),
    replay: async (filter) => {
      asked.push(filter);
      return { replayed: 2, left: [] };
    },
    drop: async (filter) => {
      asked.push(filter);
      return 2;
    },
    journal: async () => {
      throw new Error('not asked for here');
    },
    forget: async (output) => {
      if (output === 'old lake') return 5;
      throw new OperationError(output === 'lake' ? 'conflict' : 'not_found', `no: ${output}`);
    },
    ...overrides,
  };
  const tap = createTap();
  const metrics = async () => ({ contentType: 'text/plain', text: '' });
  const outputs = () => [{ name: 'lake', type: 'stdout', state: 'ok' as const, since: 0, pending: 0 }];
  const made = await setup({
    app: {
      admin: { metrics, outputs, operations, tap },
      guard: createGuard({ hosts: [] }),
      now: () => 10_000_000,
      ...app,
    },
  });
  const call = (method: string, path: string, headers: Record<string, string> = {}) =>
    made.app.request(path, {
      method,
      headers: { host: 'localhost:2801', 'x-tiercel-request': '1', ...headers },
    });
  return { ...made, call, asked, tap };
}

it('finishes a replay whose client went away, and then the one that waits', async () => {
  const letters = Array.from({ length: 10 }, (_, n) => ({
    output: 'lake',
    cause: 'rejected' as const,
    reason: 'too large',
    raw: Buffer.from(EVENT),
    receivedAt: n,
    firstAttempt: n,
    lastAttempt: n,
    attempts: 1,
  }));
  const deadLetters = await openDeadLetterStore(createMemoryJournal(), systemClock);
  await deadLetters.append(letters);
  let goOn = () => {};
  const slow = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  let begun = false;
  const context = await setup();
  const append: Journal['append'] = async (entries) => {
    begun = true;
    await slow;
    await context.journal.append(entries);
  };
  const operations = createOperations({
    journal: Object.assign(Object.create(context.journal), context.journal, { append }),
    deadLetters,
    outputs: () => [{ name: 'lake', pending: 0 }],
    log: context.log,
  });
  const { app } = await routes(operations);
  const { maxBody, log } = context;
  const at = { host: '127.0.0.1', port: 0 };
  const server = await startServer({ fetch: app.fetch, at, maxConnections: 10, maxBody, log });
  try {
    const replay = (signal?: AbortSignal) =>
      fetch(`http://127.0.0.1:${server.port}/dead-letters/replay`, {
        method: 'POST',
        headers: { 'x-tiercel-request': '1' },
        signal: signal ?? null,
      });
    const leaving = new AbortController();
    const left = replay(leaving.signal).catch(() => 'left');
    await expect.poll(() => begun).toBe(true);
    const waiting = replay();
    leaving.abort();
    expect(await left).toBe('left');
    goOn();
    expect(await (await waiting).json()).toEqual({ replayed: 0, left: [] });
    expect(await context.stored()).toHaveLength(10);
  } finally {
    await server.stop(AbortSignal.abort());
  }
});

describe('dead letters over HTTP', () => {
  it('are listed as NDJSON, with every filter', async () => {
    const { call, asked } = await routes();
    const answer = await call(
      'GET',
      '/dead-letters?output=lake&reason=large&since=1h&until=1970-01-02&id=1&id=2',
    );
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(
      (await answer.text())
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    ).toEqual([1, 2]);
    expect(asked).toEqual([
      { output: 'lake', reason: 'large', since: 6_400_000, until: 86_400_000, ids: [1, 2] },
    ]);
  });

  it.each([
    ['GET', '/dead-letters?ouput=lake', 'unknown parameter \\"ouput\\"'],
    ['DELETE', '/dead-letters?ouput=lake', 'unknown parameter'],
    ['DELETE', '/dead-letters', 'this would drop all dead letters'],
    ['POST', '/dead-letters/replay?since=then', 'since is neither'],
    ['GET', '/dead-letters?id=one', 'is not the number of a dead letter'],
    ['GET', '/tap?outputs=lake', 'unknown parameter'],
  ])('%s %s is refused: a filter that is misspelt must not mean all', async (method, path, reason) => {
    const { call, asked } = await routes();
    const answer = await call(method, path);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(reason);
    expect(asked).toEqual([]);
  });

  it('are shown, replayed and dropped', async () => {
    const { call, asked } = await routes();
    expect(await (await call('GET', '/dead-letters/1')).json()).toMatchObject({ id: 1 });
    expect((await call('GET', '/dead-letters/2')).status).toBe(404);
    expect(await (await call('POST', '/dead-letters/replay')).json()).toEqual({ replayed: 2, left: [] });
    expect(await (await call('DELETE', '/dead-letters?id=1')).json()).toEqual({ dropped: 2 });
    expect(await (await call('DELETE', '/dead-letters?all=true')).json()).toEqual({ dropped: 2 });
    expect(asked).toEqual([{}, { ids: [1] }, {}]);
    const wrong = await call('DELETE', '/dead-letters/1');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('that the journal has no room for stay: 429', async () => {
    const replay = async () => {
      throw new JournalFullError('the journal holds 10 of 10 bytes');
    };
    const answer = await (await routes({ replay })).call('POST', '/dead-letters/replay');
    expect(answer.status).toBe(429);
    expect(await answer.text()).toContain('no_room');
  });
});

it('an orphan is forgotten; what is in use or unknown is not', async () => {
  const { call } = await routes();
  expect(await (await call('DELETE', '/journal/orphans/old%20lake')).json()).toEqual({
    output: 'old lake',
    forgotten: 5,
  });
  expect((await call('DELETE', '/journal/orphans/lake')).status).toBe(409);
  expect((await call('DELETE', '/journal/orphans/nobody')).status).toBe(404);
});

it('a tap streams what comes in, and is full at sixteen', async () => {
  const { call } = await routes();
  expect((await call('GET', '/tap?output=nobody')).status).toBe(404);
  const open = await Promise.all(Array.from({ length: 17 }, () => call('GET', '/tap')));
  expect(open.map(({ status }) => status)).toEqual([...Array(16).fill(200), 503]);
  await Promise.all(open.map(({ body }) => body?.cancel()));
  expect((await call('GET', '/tap')).status).toBe(200);
  expect((await call('GET', '/healthz')).status).toBe(200);
});

it('HEAD opens no tap', async () => {
  const { call, tap } = await routes();
  for (let n = 0; n < 17; n++) {
    const answer = await call('HEAD', '/tap');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET']);
  }
  expect(tap.watcher()).toBeUndefined();
  expect((await call('GET', '/tap')).status).toBe(200);
});

it('says which methods each path serves', async () => {
  const { call } = await routes();
  for (const [path, allow] of [
    ['/dead-letters', 'GET, HEAD, DELETE'],
    ['/dead-letters/replay', 'POST'],
    ['/dead-letters/1', 'GET, HEAD'],
    ['/journal', 'GET, HEAD'],
    ['/journal/orphans/lake', 'DELETE'],
    ['/tap', 'GET'],
  ] as const) {
    const answer = await call('PUT', path);
    expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow]);
  }
});

const ALL = [
  ['GET', '/dead-letters'],
  ['GET', '/dead-letters/1'],
  ['POST', '/dead-letters/replay'],
  ['DELETE', '/dead-letters?all=true'],
  ['GET', '/journal'],
  ['DELETE', '/journal/orphans/old'],
  ['GET', '/tap'],
] as const;

describe('the listener of the events', () => {
  it.each([
    ['without credentials', {}, {}],
    ['with credentials', { auth: { bearer: ['token'] } }, { authorization: 'Bearer token' }],
  ])('serves none of this, %s', async (_, options, headers) => {
    const { call, asked } = await routes({}, { guard: undefined, ...options });
    for (const [method, path] of ALL) {
      const answer = await call(method, path, headers);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.text()).not.toMatch(/\/(dead-letters|journal|tap)/);
    }
    expect(asked).toEqual([]);
    expect((await call('GET', '/metrics', headers)).status).toBe(200);
    expect((await call('GET', '/outputs', headers)).status).toBe(200);
  });
});

it.each([
  ['a web page', { origin: 'https://evil.example' }],
  ['a name that was made to point here', { host: 'evil.example:2801' }],
  ['a script of another page', { 'sec-fetch-site': 'cross-site' }],
])('%s gets nothing of the listener of the operators', async (_, headers) => {
  const { call, asked } = await routes();
  for (const [method, path] of [
    ...ALL,
    ['GET', '/outputs'],
    ['GET', '/readyz'],
    ['GET', '/nowhere'],
  ] as const)
    expect([path, (await call(method, path, headers)).status]).toEqual([path, 403]);
  expect(asked).toEqual([]);
});

it('a change without the header of a change is refused', async () => {
  const { app, asked } = await routes();
  for (const [method, path] of ALL.filter(([method]) => method !== 'GET')) {
    const answer = await app.request(path, { method, headers: { host: 'localhost' } });
    expect([path, answer.status]).toEqual([path, 403]);
    expect(await answer.text()).toContain('x-tiercel-request: 1');
  }
  expect(asked).toEqual([]);
});

it('with credentials, they are asked for, and the hint names their setting', async () => {
  const { call } = await routes({}, { auth: { bearer: ['token'], setting: 'server.admin_auth' } });
  const without = await call('GET', '/dead-letters');
  expect(without.status).toBe(401);
  expect(await without.text()).toContain('server.admin_auth');
  expect((await call('GET', '/dead-letters', { authorization: 'Bearer token' })).status).toBe(200);
});
