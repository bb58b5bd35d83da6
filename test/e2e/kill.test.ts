import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPoster } from '../../core/cli/post.ts';
import { expectBalance } from '../support/balance.ts';
import { realEvents } from '../support/corpus.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';

const CONFIG = `
journal: { path: ./data }
outputs:
  lake:
    type: aws_security_lake
    directory: ./lake
    source: falco
    region: eu-west-1
    account_id: "123456789012"
    flush_on_stop: true
  archive: { type: file, path: ./archive.ndjson, flush_on_stop: true }
`;

/** How often the program is killed while the events go in. */
const KILLS = 3;

interface Row {
  readonly raw: string;
  readonly day: string;
  readonly time: number;
}

describe('kill -9 while events go in', () => {
  let tiercel: Tiercel;
  // A third of the real ones: each is a request of its own and waits for the disk.
  const events = realEvents().filter((_, index) => index % 3 === 0);
  /** Answered with 200: the promise holds for these. */
  const acknowledged: string[] = [];
  /** Sent without an answer: they may be there or not. */
  const unanswered: string[] = [];
  let rows: Row[];

  beforeAll(async () => {
    tiercel = await startTiercel({ config: CONFIG });
    const every = Math.ceil(events.length / (KILLS + 1));
    for (let start = 0; start < events.length; start += every) {
      const poster = createPoster(tiercel.url);
      const part = events.slice(start, start + every);
      const last = start + every >= events.length;
      for (const [index, event] of part.entries()) {
        const posting = poster.post('/', event).then(
          ({ status, body }) => {
            expect(status, body).toBe(200);
            acknowledged.push(event);
          },
          () => unanswered.push(event),
        );
        // The last one of a part is under way when the process dies.
        if (!last && index === part.length - 1) await tiercel.kill();
        await posting;
      }
      poster.close();
      if (!last) await tiercel.start();
    }
    await expectBalance(tiercel, ['lake', 'archive']);
    const { code } = await tiercel.stop();
    expect(code, tiercel.output()).toBe(0);
    rows = await readLake(join(tiercel.directory, 'lake'));
  }, 120_000);

  afterAll(() => tiercel?.remove());

  test('every acknowledged event is in the lake exactly once, byte for byte, and nothing is invented', () => {
    const there = counts(rows.map(({ raw }) => raw));
    const sure = counts(acknowledged);
    const possible = counts([...acknowledged, ...unanswered]);
    const missing = [...sure].filter(([event, count]) => (there.get(event) ?? 0) < count);
    const tooMany = [...there].filter(([event, count]) => count > (possible.get(event) ?? 0));
    expect(missing.length, `missing: ${missing[0]?.[0]}`).toBe(0);
    expect(tooMany.length, `too many: ${tooMany[0]?.[0]}`).toBe(0);
    expect(acknowledged.length).toBeGreaterThanOrEqual(events.length - KILLS);
  });

  test('every row lies under its own UTC day', () => {
    for (const { day, time } of rows) {
      expect(day).toBe(new Date(time).toISOString().slice(0, 10).replaceAll('-', ''));
    }
  });

  test('an output without deduplication has every acknowledged event at least once, with its very bytes', () => {
    const lines = new Set(
      readFileSync(join(tiercel.directory, 'archive.ndjson'), 'utf8').split('\n').map(hash),
    );
    const missing = acknowledged.filter((event) => !lines.has(hash(event)));
    expect(missing.length, `missing: ${missing[0]}`).toBe(0);
  });
});

async function readLake(folder: string): Promise<Row[]> {
  expect(readdirSync(folder)).toEqual(['ext']);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const files = join(folder, '**/*.parquet').replaceAll("'", "''");
  const reader = await connection.runAndReadAll(
    `SELECT raw_data, eventDay::VARCHAR, "time" FROM read_parquet('${files}', hive_partitioning = true)`,
  );
  const rows = reader
    .getRows()
    .map(([raw, day, time]) => ({ raw: String(raw), day: String(day), time: Number(time) }));
  connection.closeSync();
  instance.closeSync();
  return rows;
}

function counts(texts: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const text of texts) found.set(text, (found.get(text) ?? 0) + 1);
  return found;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
