import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { accountOf } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';
import { describeWith } from './describe.ts';
import { download, rawRows } from './lake-files.ts';
import { checkLake } from './python.ts';
import { type FaultProxy, startFaultProxy, type UploadFault } from './servers/fault-proxy.ts';
import { createBucket, MINIO_KEYS, minioClient, startMinio } from './servers/minio.ts';
import type { Server } from './servers/server.ts';

/** Events a batch: an upload is due as soon as so many are in. */
const BATCH = 10;
const DAY = Date.UTC(2026, 0, 2, 3);

const eventOf = (n: number): string =>
  JSON.stringify({
    output: `event ${n}`,
    output_fields: { 'proc.name': 'sh', 'evt.time': `${n}` },
    priority: 'Warning',
    rule: `rule ${n}`,
    source: 'syscall',
    time: new Date(DAY + n * 1000).toISOString(),
  });

describeWith({ programs: ['minio', '../venv/bin/python'] }, 'uploads that fail, to a real S3 server', () => {
  let minio: Server;
  let proxy: FaultProxy;
  let folder = '';
  let tiercel: Tiercel;
  let bucket = '';
  let buckets = 0;
  let sent: string[] = [];

  beforeAll(async () => {
    minio = await startMinio();
    folder = await mkdtemp(join(tmpdir(), 'tiercel-faults-'));
  });
  afterAll(async () => {
    await minio?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    sent = [];
    bucket = `faults-${++buckets}`;
    await createBucket(minioClient(minio), bucket);
    proxy = await startFaultProxy(minio);
    tiercel = await startTiercel({
      config: `
outputs:
  lake:
    type: aws_security_lake
    bucket: ${bucket}
    source: falco
    region: us-east-1
    account_id: "123456789012"
    endpoint: ${proxy.url}
    force_path_style: true
    batch: { events: ${BATCH} }
    timeout: 5s
    retry: { initial: 50ms, max: 200ms }
    breaker: { initial: 50ms, max: 200ms }
`,
      env: { AWS_ACCESS_KEY_ID: MINIO_KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: MINIO_KEYS.secretAccessKey },
    });
  });
  afterEach(async () => {
    await tiercel?.remove();
    proxy?.close();
  });

  /** Posts the events of one batch. */
  const postBatch = async (): Promise<void> => {
    for (let i = 0; i < BATCH; i++) {
      const text = eventOf(sent.length);
      expect((await tiercel.post('/', text)).status).toBe(200);
      sent.push(text);
    }
  };
  const nothingPending = () =>
    until('nothing to be pending', async () => {
      const { pending } = accountOf((await tiercel.get('/metrics')).body, 'lake');
      return pending === 0;
    });
  /** Every event is in the bucket once, under the rules of the lake. */
  const expectEachOnce = async (): Promise<void> => {
    const copy = join(folder, bucket);
    await download(minioClient(minio), bucket, copy);
    expect(await checkLake(copy)).toEqual([]);
    expect(await rawRows(copy)).toEqual([...sent].sort());
  };

  it.each<[UploadFault, string]>([
    ['forbidden', 'a 403'],
    ['slow-down', 'a 503'],
    ['conflict', 'a 409, as two uploads of one key at once get'],
    ['expired-token', 'a session that has ended'],
    ['clock-skew', 'a clock that is off'],
    ['wrong-region', 'a 301'],
    ['slow', 'an answer that takes long'],
    ['reset', 'a connection that breaks in the middle of the body'],
    ['lost-answer', 'an answer that is lost'],
  ])('%s: no event is lost and none twice', async (fault) => {
    await postBatch();
    await nothingPending();
    proxy.setFault(fault);
    await postBatch();
    await until(`an upload to meet ${fault}`, () => proxy.hits > 0);
    if (fault !== 'slow') await until(`another attempt`, () => proxy.hits > 1);
    await postBatch();
    proxy.setFault('none');
    await nothingPending();
    // What was stored without an answer was found to be there: the name is the same, and the condition held.
    if (fault === 'lost-answer') expect(proxy.statuses.get(412)).toBeGreaterThan(0);
    await expectEachOnce();
  });

  it.each(['begun', 'stored'] as const)('kill -9 when an upload is %s: each event once', async (step) => {
    for (let round = 0; round < 3; round++) {
      const killed = new Promise<void>((resolve) =>
        proxy.onUpload(step, async () => {
          await tiercel.kill();
          resolve();
        }),
      );
      await postBatch();
      await killed;
      await tiercel.start();
      await nothingPending();
    }
    if (step === 'stored') expect(proxy.statuses.get(412)).toBeGreaterThan(0);
    await expectEachOnce();
  });
});
