import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import ocsf from '../../mappers/ocsf/index.ts';
import lake, { mapperOptions } from '../../outputs/aws-security-lake/index.ts';
import { run } from '../support/child.ts';
import { realEvents } from '../support/corpus.ts';
import { decoded } from '../support/decoded.ts';
import { compiledMapper, filesBelow, streamOf } from '../unit/outputs/streams.ts';
import { contextOf, neverAborts, recordingLogger } from '../unit/outputs/support.ts';
import { describeWith } from './describe.ts';
import { findJava } from './java.ts';
import { CACHE } from './servers/server.ts';

const JAVA = 11;

/** What `parquet check-stats` prints about a file whose statistics agree with its values; rejects where they do not. */
const checkStats = (path: string): Promise<string> =>
  run(findJava(JAVA) ?? 'java', [
    '-XX:TieredStopAtLevel=1',
    '-cp',
    join(CACHE, 'parquet-cli', '*'),
    'org.apache.parquet.cli.Main',
    'check-stats',
    path,
  ]);

describeWith({ programs: ['../parquet-cli'], java: JAVA }, 'parquet-cli', () => {
  let folder = '';
  let path = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiercel-parquet-cli-'));
    const options = decoded(lake, {
      directory: folder,
      source: 'falco',
      region: 'eu-west-1',
      account_id: '123456789012',
    });
    const log = recordingLogger();
    const mapper = {
      type: 'ocsf',
      module: compiledMapper('ocsf/index.js'),
      options: decoded(ocsf, mapperOptions(options)),
    };
    const made = ocsf.create(mapper.options, { log });
    const output = lake.create(options, { ...contextOf<unknown>(made, log), mapperRef: mapper });
    const batch = streamOf(realEvents(), '123456789012/20260102');
    expect(await output.deliver(batch, neverAborts())).toMatchObject({ status: 'delivered' });
    await output.stop?.(neverAborts());
    path = join(folder, filesBelow(folder)[0]!);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds the statistics right', async () => {
    expect(await checkStats(path)).toMatch(/has no corrupt stats/);
  });

  it('takes them for corrupt where created_by names no version', async () => {
    const bytes = await readFile(path);
    const at = bytes.lastIndexOf('tiercel version ');
    expect(at).toBeGreaterThan(0);
    bytes.write('tiercel_version ', at);
    const other = join(folder, 'other.parquet');
    await writeFile(other, bytes);
    await expect(checkStats(other)).rejects.toThrow(/ended with 1/);
  });
});
