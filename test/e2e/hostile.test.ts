import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { accountOf, imbalance } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { runs } from '../support/runs.ts';
import { until } from '../support/until.ts';

// What a stranger may send to an open port. Whatever it is: an answer, no crash, no memory beyond measure, and each
// event that was answered with a 2xx arrives with its very bytes.

const MAX_BODY = 4 << 20;
/** What the process may hold at most, in megabytes; it starts with about 100. */
const MOST_MEMORY = 400;

const FIELDS = '"evt.time":1752178500123456789';

/** An event with an id, and a text in place of its fields. */
function event(id: string, fields = FIELDS): string {
  return `{"uuid":"${id}","rule":"A rule","priority":"Warning","time":"2026-07-10T20:15:00.123456789Z","output":"o","output_fields":{${fields}}}`;
}

const nested = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);

describe('a stranger at the port', () => {
  let tiercel: Tiercel;
  /** Bodies that were answered with a 2xx. */
  const taken: Buffer[] = [];
  let count = 0;
  const next = () => `hostile-${count++}`;

  beforeAll(async () => {
    tiercel = await startTiercel({
      config: 'journal: { path: ./data }\noutputs:\n  archive: { type: file, path: ./archive.ndjson }\n',
      server: `  max_body: ${MAX_BODY >> 20}MiB\n`,
    });
  }, 30_000);

  beforeEach(() => expect(tiercel.running(), tiercel.output()).toBe(true));

  afterEach(() => {
    expect(residentMegabytes(tiercel.pid)).toBeLessThan(MOST_MEMORY);
  });

  /** All that was taken is there byte for byte, and the books balance. */
  async function finish(): Promise<void> {
    const accounts = () => tiercel.get('/metrics').then(({ body }) => accountOf(body, 'archive'));
    const account = await until('everything to be delivered', async () => {
      const found = await accounts();
      return found.pending === 0 && found;
    });
    expect(imbalance('archive', account)).toBeUndefined();
    expect(account.accepted).toBe(taken.length);
    const file = readFileSync(join(tiercel.directory, 'archive.ndjson'), 'utf8');
    // The mapper `falco` hands the event on as it was received; a line break in it is blank space in JSON. A file of text
    // cannot hold what is no UTF-8: U+FFFD stands for it there, and the journal has the bytes.
    for (const body of taken) {
      const text = body.toString('utf8').replaceAll(/[\r\n]/g, ' ');
      expect(file.includes(text), text.slice(0, 200)).toBe(true);
    }
    expect((await tiercel.stop()).code).toBe(0);
  }

  // Not a test: it comes after all of them in whatever order they run.
  afterAll(async () => {
    try {
      await finish();
    } finally {
      await tiercel?.remove();
    }
  }, 60_000);

  const post = async (
    path: string,
    body: string | Buffer,
    headers?: Record<string, string>,
  ): Promise<number> => {
    const bytes = Buffer.from(body as string);
    const { status } = await tiercel.post(path, bytes, headers);
    if (status === 200) taken.push(bytes);
    return status;
  };

  test.each<readonly [string, () => string | Buffer]>([
    ['a field nested a hundred thousand times', () => event(next(), `"a":${nested('[', ']', 100_000)}`)],
    [
      'objects nested ten thousand times',
      () => event(next(), `"a":${'{"a":'.repeat(1e4)}1${'}'.repeat(1e4)}`),
    ],
    ['nothing but brackets', () => '['.repeat(MAX_BODY - 1)],
    ['objects that never close', () => '{"a":'.repeat(MAX_BODY / 5 - 1)],
    ['a million empty lists in a field', () => event(next(), `"a":[${'[],'.repeat(1e6)}1]`)],
    ['a hundred thousand keys', () => event(next(), `${'"a":1,'.repeat(1e5)}"b":1`)],
    ['NUL bytes', () => Buffer.alloc(1000)],
    ['UTF-16', () => Buffer.from(event(next()), 'utf16le')],
    ['not a number', () => event(next(), '"a":NaN')],
    ['required members in __proto__ only', () => `{"__proto__":${event(next())}}`],
    ['a priority of a megabyte', () => event(next()).replace('Warning', 'W'.repeat(1 << 20))],
    ['a time of a megabyte', () => event(next()).replace(/2026[^"]*/, '9'.repeat(1 << 20))],
    ['a number for a time', () => event(next()).replace(/"2026[^"]*"/, '1752178500')],
    ['tags that are objects', () => event(next()).replace('"output"', '"tags":[{"a":1}],"output"')],
    ['nothing', () => ''],
  ])('refuses %s with a 400 that says why', async (_, body) => {
    const { status, body: answer } = await tiercel.post('/', Buffer.from(body() as string));
    expect(status, answer.slice(0, 300)).toBe(400);
    expect(JSON.parse(answer).error).toMatchObject({ field: expect.any(String), reason: expect.any(String) });
    expect(answer.length).toBeLessThan(2000);
  });

  test.each<readonly [string, () => string | Buffer]>([
    ['a key of a megabyte', () => event(next(), `"${'k'.repeat(1 << 20)}":1`)],
    [
      'fifty thousand keys',
      () => event(next(), Array.from({ length: 50_000 }, (_, i) => `"k${i}":${i}`).join()),
    ],
    [
      'names that reach into prototypes',
      () =>
        event(next(), `${FIELDS},"__proto__":{"polluted":1},"constructor":"c","toString":"t"`).replace(
          '"output"',
          '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"output"',
        ),
    ],
    ['a NUL in a text', () => event(next()).replace('A rule', 'A\\u0000rule')],
    ['half a surrogate pair', () => event(next()).replace('A rule', 'A\\ud800rule')],
    [
      'bytes that are no UTF-8',
      () => Buffer.from(event(next()).replace('A rule', 'A \xff\xfe\xc0 rule'), 'latin1'),
    ],
    ['a number of a megabyte', () => event(next(), `"n":${'9'.repeat(1 << 20)}`)],
    ['an exponent beyond all', () => event(next(), '"n":1e999999999,"m":-0,"k":1e-400')],
    ['a key twice', () => event(next(), '"a":1,"a":2')],
    ['a rule of a megabyte', () => event(next()).replace('A rule', 'r'.repeat(1 << 20))],
    [
      'the last second of the calendar',
      () => event(next()).replace('2026-07-10T20:15:00', '9999-12-31T23:59:59'),
    ],
  ])('takes %s as it is', async (_, body) => {
    expect(await post('/', body())).toBe(200);
  });

  test.each<readonly [string, number, () => Buffer, Record<string, string>]>([
    [
      'a decompression bomb',
      413,
      () => gzipSync(Buffer.alloc(256 << 20, ' ')),
      { 'content-encoding': 'gzip' },
    ],
    ['half a gzip', 400, () => gzipSync(event('g')).subarray(0, 40), { 'content-encoding': 'gzip' }],
    ['an encoding nobody knows', 415, () => Buffer.from(event('g')), { 'content-encoding': 'rot13' }],
    ['millions of commas', 400, () => Buffer.from(`[${','.repeat(MAX_BODY - 2)}]`), {}],
    ['millions of ones', 400, () => Buffer.from(`[${'1,'.repeat(MAX_BODY / 2 - 2)}1]`), {}],
    ['millions of lines', 400, () => Buffer.alloc(MAX_BODY, '1\n'), {}],
    ['more than max_body', 413, () => Buffer.alloc(MAX_BODY + 1, ' '), {}],
    ['nothing but brackets', 400, () => Buffer.from('['.repeat(MAX_BODY - 1)), {}],
    [
      'one event nested a million times among others',
      400,
      () => Buffer.from(`{"rule":1}\n${event('n', `"a":${nested('[', ']', 1e6)}`)}\n`),
      {},
    ],
  ])('answers %s with %i, and holds little', async (_, expected, body, headers) => {
    const { status } = await tiercel.post('/events', body(), headers);
    expect(status).toBe(expected);
  });

  test('answers whatever a few changed bytes make of an event', async () => {
    const change = fc.record({ at: fc.nat(10_000), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const bytes = Buffer.from(event(next()));
        for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
        expect([200, 400]).toContain(await post('/', bytes));
      }),
      {
        numRuns: runs(300),
        examples: [[[{ at: 0, byte: 0 }]], [[{ at: 0, byte: 0x5b }]], [[{ at: 0, byte: 0xef }]]],
      },
    );
  });

  test('answers whatever a few changed bytes make of a list, or of its compression, and takes of it what it says', async () => {
    const change = fc.record({ line: fc.nat(5), at: fc.nat(10_000), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), fc.boolean(), async (changes, packed) => {
        const lines = Array.from({ length: 6 }, () => Buffer.from(event(next())));
        for (const { line, at, byte } of changes) {
          const bytes = lines[line]!;
          // Neither its ends, nor a line break in it: what a line is stays known here.
          if (byte !== 10 && byte !== 13) bytes[1 + (at % (bytes.length - 2))] = byte;
        }
        const list = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        const body = packed ? gzipSync(list) : list;
        const broken = packed && changes.length === 8;
        if (broken) body[changes[0]!.at % body.length]! ^= 1 + (changes[0]!.byte % 255);
        const headers: Record<string, string> = packed ? { 'content-encoding': 'gzip' } : {};
        const answer = await tiercel.post('/events', body, headers);
        expect([202, 400]).toContain(answer.status);
        if (answer.status === 400) return;
        const { accepted, rejected } = JSON.parse(answer.body);
        const refused = new Set(rejected.map(({ index }: { index: number }) => index));
        const there = lines.filter((_, index) => !refused.has(index));
        expect(accepted).toBe(there.length);
        taken.push(...there);
      }),
      {
        numRuns: runs(150),
        examples: [
          [[], false],
          [[], true],
        ],
      },
    );
  });

  test.each<readonly [string, (bytes: string) => string, RegExp]>([
    ['HTTP/1.0', (body) => `POST / HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`, / 200 /],
    [
      'Expect: 100-continue',
      (body) => `${head(`Expect: 100-continue\r\nContent-Length: ${body.length}`)}${body}`,
      / 100 [\s\S]* 200 /,
    ],
    [
      'a chunk a byte',
      (body) =>
        `${head('Transfer-Encoding: chunked')}${[...body].map((c) => `1\r\n${c}\r\n`).join('')}0\r\n\r\n`,
      / 200 /,
    ],
    [
      'Content-Length and chunks',
      () => `${head('Content-Length: 5\r\nTransfer-Encoding: chunked')}0\r\n\r\n`,
      / 400 /,
    ],
    ['two lengths', () => `${head('Content-Length: 5\r\nContent-Length: 6')}abcdef`, / 400 /],
    ['a negative length', () => `${head('Content-Length: -5')}abcde`, / 400 /],
    [
      'a chunk of unspeakable size',
      () => `${head('Transfer-Encoding: chunked')}FFFFFFFFFFFFFFFFF\r\na\r\n`,
      / 400 /,
    ],
    ['a header of 200 kB', () => head(`X: ${'a'.repeat(200_000)}`), / 431 /],
    ['TLS', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', / 400 /],
    [
      'a body shorter than its length',
      (body) => `${head(`Content-Length: ${body.length}`)}${body.slice(10)}`,
      /^$/,
    ],
  ])('answers a request with %s', async (_, bytes, answer) => {
    const body = event(next());
    const said = await converse(tiercel.url, bytes(body));
    expect(said).toMatch(answer);
    if (/ 200 /.test(said)) taken.push(Buffer.from(body));
  });

  test('answers fifty requests sent in one breath, in their order', async () => {
    const bodies = Array.from({ length: 50 }, () => event(next()));
    const requests = bodies.map(
      (body) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const said = await converse(
      tiercel.url,
      `${requests.join('')}GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(said.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(51);
    expect(said.endsWith('pong\n')).toBe(true);
    taken.push(...bodies.map((body) => Buffer.from(body)));
  });

  test('answers others while two thousand connections send nothing, or next to nothing', async () => {
    const idle: Socket[] = [];
    for (let i = 0; i < 2000; i++) {
      const socket = connect(Number(new URL(tiercel.url).port), '127.0.0.1');
      socket.on('error', () => {}).resume();
      if (i % 2 === 0) socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Le');
      idle.push(socket);
    }
    await until(
      'most of them to be connected',
      () => idle.filter(({ connecting }) => !connecting).length > 1900,
    );
    for (let i = 0; i < 20; i++) expect(await post('/', event(next()))).toBe(200);
    for (const socket of idle) socket.destroy();
  }, 30_000);
});

const head = (headers: string) => `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n\r\n`;

/** Sends bytes and gives back all that came until the connection was closed, or until nothing more comes. */
function converse(url: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const timer = setTimeout(() => socket.destroy(), 2000);
    socket.on('data', (data) => {
      said += data.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(said);
    });
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** 0 where the system does not tell. */
function residentMegabytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
