import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Bodies } from '../../../../core/http/body.ts';
import { ENCODINGS } from '../../../../core/http/decompress.ts';
import { createGuard } from '../../../../core/http/guard.ts';
import { JournalFailedError, JournalFullError } from '../../../../core/journal/journal.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import { EVENT, setup } from './setup.ts';

const post = (body: RequestInit['body'], headers: Record<string, string> = {}) => ({
  method: 'POST',
  body,
  headers,
});

describe('POST /', () => {
  it('answers 200 with nothing, once the event is in the journal as it was sent', async () => {
    const { app, stored, counts } = await setup();
    for (const type of ['application/json', 'text/plain', '']) {
      const answer = await app.request(
        '/',
        post(Buffer.from(EVENT), type === '' ? {} : { 'content-type': type }),
      );
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    }
    expect(await stored()).toEqual([EVENT, EVENT, EVENT]);
    expect(counts).toMatchObject({ received: 3, unrouted: 0 });
  });

  it('accepts what no output wants, and counts it', async () => {
    const { app, stored, counts } = await setup({ outputs: [] });
    expect((await app.request('/', post(EVENT))).status).toBe(200);
    expect(await stored()).toEqual([]);
    expect(counts).toMatchObject({ received: 1, unrouted: 1 });
  });

  it.each([
    ['', 'body', 'invalid_body'],
    ['x', 'body', 'invalid_body'],
    [`[${EVENT}]`, 'body', 'invalid_body'],
    [`${EVENT}\n${EVENT}`, 'body', 'invalid_body'],
    ['{"rule":"R","priority":"loud","time":"2026-01-01T00:00:00Z"}', 'priority', 'invalid_event'],
    ['{"rule":"R","priority":"Debug"}', 'time', 'invalid_event'],
  ])('refuses %j, naming %s', async (body, field, code) => {
    const { app, stored, counts } = await setup();
    const answer = await app.request('/', post(body));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const { error } = (await answer.json()) as { error: Record<string, string> };
    expect(error).toMatchObject({ field, code, reason: expect.any(String), hint: expect.any(String) });
    expect(await stored()).toEqual([]);
    expect(counts.invalid).toBe(1);
  });

  it('tells a sender of text to set json_output: true, and no one else', async () => {
    const { app, lines } = await setup();
    const hintOf = async (body: string) => {
      const { error } = (await (await app.request('/', post(body))).json()) as { error: { hint: string } };
      return error.hint;
    };
    const text = '09:44:58.682419669: Notice A shell was spawned (user=root)';
    expect(await hintOf(text)).toContain('set json_output: true in falco.yaml');
    expect(lines.some((line) => line.includes('set json_output: true in falco.yaml'))).toBe(true);
    expect(await hintOf(` \n${text}`)).toContain('set json_output: true');
    for (const body of ['{"cut', '{}', ''])
      expect(await hintOf(body)).toContain('it needs rule, priority and time');
  });

  it('points lists to POST /events', async () => {
    const { app } = await setup();
    expect(await (await app.request('/', post(`[${EVENT}]`))).text()).toContain('POST /events');
  });

  it('waits for room, and answers when there is some', async () => {
    let full = true;
    let room = () => {};
    const calls: string[] = [];
    const context = await setup();
    const { app, stored } = await setup({
      journal: {
        append: async (entries) => {
          calls.push('append');
          if (full) throw new JournalFullError('full');
          return context.journal.append(entries);
        },
        waitForRoom: () => new Promise((resolve) => (room = resolve)),
      },
    });
    const answer = app.request('/', post(EVENT));
    await expect.poll(() => calls.length).toBe(1);
    full = false;
    room();
    expect((await answer).status).toBe(200);
    expect(calls.length).toBe(2);
    expect(await context.stored()).toEqual([EVENT]);
    expect(await stored()).toEqual([]);
  });

  it('answers 503 when max_wait is over, or when the client is gone', async () => {
    let now = 0;
    const waits: number[] = [];
    const clock = {
      now: () => now,
      monotonic: () => now,
      sleep: async (milliseconds: number) => {
        waits.push(milliseconds);
        now += milliseconds;
      },
    };
    const journal = {
      append: async () => {
        throw new JournalFullError('the disk is full');
      },
      waitForRoom: () => new Promise<void>(() => {}),
    };
    const { app, counts } = await setup({ clock, maxWait: 30_000, journal });
    const answer = await app.request('/', post(EVENT));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await answer.json()).toMatchObject({ error: { code: 'no_room', reason: 'the disk is full' } });
    expect(waits).toEqual([30_000]);
    const gone = new Request('http://h/', { ...post(EVENT), signal: AbortSignal.abort() });
    expect((await app.request(gone)).status).toBe(503);
    expect(waits.length).toBe(1);
    expect(counts).toMatchObject({ received: 0, full: 2 });
    // What the body has waited for memory is a part of max_wait.
    const bodies: Bodies = { maxBody: 1 << 20, read: (_, __, use) => use(Buffer.from(EVENT), 10_000) };
    const late = await setup({ clock, maxWait: 30_000, journal, app: { bodies } });
    expect((await late.app.request('/', post(EVENT))).status).toBe(503);
    expect(waits.slice(1)).toEqual([20_000]);
  });

  it('tries again while the storage fails, as while it is full', async () => {
    const clock = createFakeClock();
    const context = await setup();
    const errors = [
      new JournalFailedError('EMFILE'),
      new JournalFullError('full', { bytes: 77 }),
      new JournalFailedError('EIO'),
    ];
    const waits: unknown[] = [];
    const { app, counts } = await setup({
      clock,
      maxWait: 30_000,
      journal: {
        append: async (entries) => {
          const error = errors.shift();
          if (error !== undefined) throw error;
          return context.journal.append(entries);
        },
        waitForRoom: async (_, bytes) => void waits.push(bytes),
      },
    });
    const answer = app.request('/', post(EVENT));
    await expect.poll(() => errors.length).toBe(2);
    await clock.advance(50);
    expect(errors).toHaveLength(0);
    await clock.advance(100);
    expect((await answer).status).toBe(200);
    expect(waits).toEqual([77]);
    expect(counts).toMatchObject({ received: 1, full: 0, failed: 0 });
    expect(await context.stored()).toEqual([EVENT]);
  });

  it('answers 503 when the storage fails for max_wait: those who wait try together, ever less often', async () => {
    const clock = createFakeClock();
    const tries: number[] = [];
    const append = async () => {
      tries.push(clock.monotonic());
      throw new JournalFailedError('EIO');
    };
    const { app, counts } = await setup({ clock, maxWait: 5000, journal: { append } });
    const answers = Promise.all([1, 2].map(async () => (await app.request('/', post(EVENT))).json()));
    let answered = false;
    void answers.then(() => {
      answered = true;
    });
    await expect.poll(() => tries.length).toBe(2);
    await clock.advance(4999);
    expect(answered).toBe(false);
    expect(tries.filter((_, i) => i % 2 === 0)).toEqual([0, 50, 150, 350, 750, 1550, 2550, 3550, 4550]);
    expect(tries.filter((_, i) => i % 2 === 1)).toEqual(tries.filter((_, i) => i % 2 === 0));
    await clock.advance(1);
    for (const answer of await answers) expect(answer).toMatchObject({ error: { code: 'storage_failed' } });
    expect(counts).toMatchObject({ received: 0, failed: 2 });
  });

  it('does not try again what cannot succeed, nor on POST /events', async () => {
    const clock = createFakeClock();
    const failing = (error: Error) =>
      setup({ clock, maxWait: 5000, journal: { append: () => Promise.reject(error) } });
    for (const [path, error, status] of [
      ['/', new TypeError('unexpected'), 503],
      ['/', new RangeError('too much'), 413],
      ['/events', new JournalFailedError('EIO'), 503],
    ] as const) {
      const { app } = await failing(error);
      expect((await app.request(path, post(EVENT))).status).toBe(status);
    }
    expect(clock.sleepers()).toBe(0);
  });
});

describe('POST /events', () => {
  it.each([
    ['a list', `[${EVENT}, {"x":"]},["} ,${EVENT}]`, 2, [1]],
    ['NDJSON', `${EVENT}\r\n\n{"x":1}\n${EVENT}\n{"cut`, 2, [1, 3]],
    ['one object', EVENT, 1, []],
    ['one object over several lines', JSON.stringify(JSON.parse(EVENT), null, 2), 1, []],
    ['a line that is cut, first', `{"cut\n${EVENT}`, 1, [0]],
  ])('takes %s and says which were not taken', async (_, body, accepted, rejected) => {
    const { app, stored } = await setup();
    const answer = await app.request('/events', post(body));
    expect(answer.status).toBe(202);
    const said = (await answer.json()) as { accepted: number; rejected: { index: number; reason: string }[] };
    expect(said.accepted).toBe(accepted);
    expect(said.rejected.map(({ index }) => index)).toEqual(rejected);
    for (const { reason } of said.rejected) expect(reason).toMatch(/rule is missing|body is not JSON/);
    expect((await stored()).length).toBe(accepted);
  });

  it('counts and logs what it does not take, with what to do', async () => {
    const { app, counts, lines } = await setup();
    await app.request('/events', post(`${EVENT}\n09:44:58.682: Notice A shell was opened\n{"x":1}`));
    expect(counts).toMatchObject({ received: 1, invalid: 2 });
    await app.request('/events', post('[1'));
    await app.request('/events', post('not gzip', { 'content-encoding': 'gzip' }));
    await app.request('/events', post('x', { 'content-encoding': 'br' }));
    await app.request('/events', post('x'.repeat((1 << 20) + 1)));
    expect(counts.invalid).toBe(6);
    const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn');
    expect(warnings).toEqual([expect.objectContaining({ reason: 'invalid', events: 2, client: 'unknown' })]);
    expect(warnings[0].msg).toContain('json_output: true');
    expect(warnings[0].why).toContain('2 of 3 are not events; the first: body is not JSON');
  });

  it('tells of each event that is stored', async () => {
    const { app, lines } = await setup();
    await app.request('/events', post(`${EVENT}\n{}\n${EVENT}`));
    await app.request('/', post(EVENT));
    const told = lines.filter((line) => JSON.parse(line).msg === 'event queued');
    expect(told).toHaveLength(3);
  });

  it('keeps the bytes of each event', async () => {
    const { app, stored } = await setup();
    const spaced = EVENT.replace(':', ' : ');
    await app.request('/events', post(`\ufeff[\n ${spaced} ,\n${EVENT}\n]\n`));
    expect(await stored()).toEqual([spaced, EVENT]);
  });

  it('answers an empty list with 202, and nothing, a broken list or no event at all with 400', async () => {
    const { app } = await setup();
    expect(await (await app.request('/events', post('[]'))).json()).toEqual({ accepted: 0, rejected: [] });
    for (const body of [
      '',
      '[',
      '[1',
      `[${EVENT}`,
      `[${EVENT},]`,
      `[${EVENT}] x`,
      `[,${EVENT}]`,
      '["]',
      '[{]',
      '{}',
      '[7]',
      'x',
    ]) {
      const answer = await app.request('/events', post(body));
      expect([body, answer.status]).toEqual([body, 400]);
      expect(await answer.json()).toMatchObject({ error: { reason: expect.any(String) } });
    }
  });

  it('lists the first thousand rejections and counts the rest', async () => {
    const { app } = await setup();
    const answer = await app.request('/events', post(`${'{}\n'.repeat(1500)}${EVENT}`));
    const said = (await answer.json()) as { rejected: unknown[]; rejected_count: number };
    expect([answer.status, said.rejected.length, said.rejected_count]).toEqual([202, 1000, 1500]);
  });

  it('answers 429 at once when the journal is full, and takes nothing', async () => {
    const { app, stored, counts } = await setup({ maxBytes: 30_000 });
    const many = post(`${EVENT}\n`.repeat(100));
    expect((await app.request('/events', many)).status).toBe(202);
    for (let i = 0; i < 2; i++) {
      const answer = await app.request('/events', many);
      expect(answer.status).toBe(429);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await answer.text()).toMatch(/the journal holds \d+ of 30000 bytes/);
    }
    expect((await stored()).length).toBe(100);
    expect(counts).toMatchObject({ received: 100, full: 200 });
  });

  it('answers 413 for more than the journal may ever hold', async () => {
    const { app, counts } = await setup({ maxBytes: 1000 });
    const answer = await app.request('/events', post(`${EVENT}\n`.repeat(100)));
    expect([answer.status, await answer.json()]).toMatchObject([413, { error: { code: 'body_too_large' } }]);
    expect(counts).toMatchObject({ received: 0, full: 100 });
  });

  it('reads gzip', async () => {
    const { app, stored, lines } = await setup();
    for (const encoding of ['gzip', 'x-gzip', 'GZIP']) {
      const answer = await app.request('/events', post(gzipSync(EVENT), { 'content-encoding': encoding }));
      expect(answer.status).toBe(202);
    }
    expect((await stored()).length).toBe(3);
    const damaged = await app.request('/events', post('not gzip', { 'content-encoding': 'gzip' }));
    expect(damaged.status).toBe(400);
    expect(lines.join('')).toContain('events were refused: send the body in the encoding');
  });

  it('says which encodings it reads', async () => {
    const { app } = await setup();
    const unknown = ENCODINGS.includes('zstd') ? ['br', 'gzip, gzip'] : ['br', 'gzip, gzip', 'zstd'];
    for (const encoding of unknown) {
      const answer = await app.request('/events', post('x', { 'content-encoding': encoding }));
      expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, ENCODINGS.join(', ')]);
    }
  });
});

describe('limits', () => {
  it('refuses a body over max_body, declared, chunked or compressed', async () => {
    const { app, maxBody, stored } = await setup({ maxBody: 100_000 });
    const big = Buffer.alloc(maxBody + 1, 0x20);
    const chunks = new ReadableStream({
      pull: (controller) => controller.enqueue(Buffer.alloc(50_000, 0x20)),
    });
    const requests: RequestInit[] = [
      post(big, { 'content-length': String(big.length) }),
      post(big),
      { ...post(chunks), duplex: 'half' } as RequestInit,
      post(gzipSync(Buffer.alloc(1 << 26)), { 'content-encoding': 'gzip' }),
    ];
    for (const path of ['/', '/events']) {
      for (const request of path === '/' ? requests.slice(0, 2) : requests) {
        const answer = await app.request(path, request);
        expect([answer.status, await answer.json()]).toMatchObject([
          413,
          { error: { code: 'body_too_large' } },
        ]);
      }
    }
    expect(await stored()).toEqual([]);
    const fits = Buffer.concat([Buffer.from(EVENT), Buffer.alloc(maxBody - EVENT.length, 0x20)]);
    expect((await app.request('/', post(fits))).status).toBe(200);
  });
});

describe('the other paths', () => {
  it.each([
    ['/ping', 200, 'pong\n'],
    ['/healthz', 200, '{"status":"ok"}\n'],
    ['/readyz', 200, '{"status":"ready","reasons":[],"outputs":[]}\n'],
    ['/metrics', 200, 'tiercel_up 1\n'],
    ['/outputs', 200, '{"outputs":[{"name":"lake","type":"stdout","state":"ok","since":0,"pending":0}]}\n'],
  ])('GET %s', async (path, status, text) => {
    const { app } = await setup();
    const answer = await app.request(path);
    expect([answer.status, await answer.text()]).toEqual([status, text]);
    const head = await app.request(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([status, '']);
  });

  it('says why it is not ready', async () => {
    const readiness = () => ({ ready: false, reasons: ['stopping'], outputs: [] });
    const { app } = await setup({ app: { readiness } });
    const answer = await app.request('/readyz');
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { status: 'not ready', reasons: ['stopping'], outputs: [] },
    ]);
    expect((await app.request('/healthz')).status).toBe(200);
  });

  describe('show what a destination said', () => {
    const state = { name: 'lake', state: 'open' as const, since: 5 };
    const status = { ...state, type: 'webhook', pending: 3 };
    const reason = 'https://hooks.internal answered 403: the role arn:aws:iam::1:role/x may not';
    const readiness = () => ({ ready: true, reasons: [], outputs: [{ ...state, reason }] });
    const metrics = async () => ({ contentType: 'text/plain', text: '' });
    const admin = { metrics, outputs: () => [{ ...status, reason }] };
    const guard = createGuard({});
    const auth = { bearer: ['token'] };
    const authorization = 'Bearer token';
    const certified = (authorized: boolean) => ({ incoming: { socket: { authorized } } }) as never;

    it.each([
      ['to nobody on the port of the events', {}, {}, undefined, false],
      ['there to who has credentials', { auth }, { authorization }, undefined, true],
      ['there to who has a certificate', { demandsCertificate: true }, {}, certified(true), true],
      ['there to nobody without a certificate', { demandsCertificate: true }, {}, certified(false), false],
      ['to operators', { guard }, {}, undefined, true],
      ['to operators who have credentials', { guard, auth }, { authorization }, undefined, true],
      ['to no operator without', { guard, auth }, {}, undefined, false],
      ['to no operator with wrong ones', { guard, auth }, { authorization: 'Bearer x' }, undefined, false],
      [
        'to no operator without a certificate',
        { guard, demandsCertificate: true },
        {},
        certified(false),
        false,
      ],
    ])('%s', async (_, options, headers, env, isShown) => {
      const { app } = await setup({ app: { readiness, admin, ...options } });
      const ready = await app.request('/readyz', { headers }, env);
      expect([ready.status, ((await ready.json()) as { outputs: unknown }).outputs]).toEqual([
        200,
        [{ ...state, ...(isShown && { reason }) }],
      ]);
      const outputs = await app.request('/outputs', { headers }, env);
      // Without credentials where they are demanded there is no answer at all.
      const isRefused = 'auth' in options && !isShown;
      expect(outputs.status).toBe(isRefused ? 401 : 200);
      if (!isRefused)
        expect(await outputs.json()).toEqual({ outputs: [{ ...status, ...(isShown && { reason }) }] });
    });
  });

  it('answers 405 with Allow, 404 with what is served', async () => {
    const { app, counts } = await setup();
    for (const [method, path, allow] of [
      ['GET', '/', 'POST'],
      ['PUT', '/events', 'POST'],
      ['GET', '/test', 'POST'],
      ['POST', '/healthz', 'GET, HEAD'],
      ['DELETE', '/metrics', 'GET, HEAD'],
      ['OPTIONS', '/', 'POST'],
    ] as const) {
      const answer = await app.request(path, { method });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow]);
    }
    const nowhere = await app.request('/nowhere', post(EVENT));
    expect([nowhere.status, await nowhere.text()]).toEqual([404, expect.stringContaining('POST /events')]);
    await app.request('/nowhere');
    // What may have brought an event, and nothing else: PUT /events, POST /healthz, POST /nowhere.
    expect(counts.wrong_path).toBe(3);
  });

  it('puts in a test event', async () => {
    const { app, stored } = await setup();
    const answer = await app.request('/test?priority=critical', { method: 'POST' });
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { rule: 'Test rule', priority: 'Critical' },
    ]);
    expect(JSON.parse((await stored())[0]!)).toMatchObject({ rule: 'Test rule', source: 'internal' });
    expect((await app.request('/test?priority=loud', { method: 'POST' })).status).toBe(400);
  });

  it('takes no events where it has no ingest', async () => {
    const { app } = await setup({ app: { ingest: undefined } });
    expect((await app.request('/', post(EVENT))).status).toBe(404);
    expect((await app.request('/metrics')).status).toBe(200);
  });

  it('answers 500 without details when something unexpected happens, and logs it', async () => {
    const outputs = () => {
      throw new Error('the detail');
    };
    const metrics = async () => ({ contentType: '', text: '' });
    const { app, lines } = await setup({ app: { admin: { metrics, outputs } } });
    const answer = await app.request('/outputs');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('the detail');
    expect(lines.join('')).toContain('the detail');
  });
});

describe('auth', () => {
  const auth = { bearer: ['token-1', 'token-2'], basic: [{ username: 'falco', password: 'pass:word' }] };

  it.each([
    ['Bearer token-1', 200],
    ['bearer  token-2 ', 200],
    [`Basic ${Buffer.from('falco:pass:word').toString('base64')}`, 200],
    [`Basic ${Buffer.from('falco:wrong').toString('base64')}`, 401],
    ['Bearer token-3', 401],
    ['Bearer token-1 token-2', 401],
    ['token-1', 401],
    ['Bearer', 401],
    ['', 401],
  ])('%j is answered %d', async (authorization, status) => {
    const { app, stored } = await setup({ app: { auth } });
    const answer = await app.request('/', post(EVENT, authorization === '' ? {} : { authorization }));
    expect(answer.status).toBe(status);
    expect((await stored()).length).toBe(status === 200 ? 1 : 0);
    if (status !== 200) {
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="tiercel", Basic realm="tiercel"');
    }
  });

  it('counts only requests that bring events as refused events', async () => {
    const { app, counts, lines } = await setup({ app: { auth } });
    for (const path of ['/metrics', '/outputs', '/', '/events', '/nowhere']) await app.request(path);
    for (const path of ['/metrics', '/nowhere']) await app.request(path, post(EVENT));
    expect(counts.unauthorized).toBe(0);
    expect(lines.join('')).not.toContain('events were refused');
    for (const path of ['/', '/events', '/test?priority=debug']) await app.request(path, post(EVENT));
    expect(counts.unauthorized).toBe(3);
  });

  it('is asked for everywhere but for health', async () => {
    const { app } = await setup({ app: { auth } });
    for (const path of ['/metrics', '/outputs', '/nowhere', '/test', '/events']) {
      expect((await app.request(path)).status).toBe(401);
    }
    for (const path of ['/healthz', '/readyz', '/ping']) expect((await app.request(path)).status).toBe(200);
  });
});
