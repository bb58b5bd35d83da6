import {
  appendFileSync,
  chmodSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import { createRegistry } from '../../../core/plugins/registry.ts';
import type { Finding } from '../../../core/sdk/index.ts';
import { builtIns } from '../../../distribution/built-ins.ts';
import file from '../../../outputs/file.ts';
import { decoded } from '../../support/decoded.ts';
import { batchOf, contextOf, eventOf, jsonTextMapper, neverAborts, recordingLogger } from './support.ts';

function setUp(path = 'events.ndjson', mode = '0640') {
  const log = recordingLogger();
  const context = contextOf(jsonTextMapper, log);
  const output = file.create(decoded(file, { path, mode }), context);
  return { log, output, path: join(context.configDir, path), read: (p: string) => readFileSync(p, 'utf8') };
}

async function look(output: ReturnType<typeof file.create>): Promise<Finding[]> {
  const found: Finding[] = [];
  for await (const finding of output.diagnose!({ write: false, sample: eventOf() }, neverAborts()))
    found.push(finding);
  return found;
}

describe('file', () => {
  it('appends a line each, relative to the configuration', async () => {
    const { output, path, read } = setUp();
    await output.deliver(batchOf(['{"a":1}', '{"a":2}']), neverAborts());
    await output.deliver(batchOf(['{"a":3}']), neverAborts());
    expect(read(path)).toBe('{"a":1}\n{"a":2}\n{"a":3}\n');
    await output.stop?.(neverAborts());
  });

  it('opens a new file when the old one was renamed or removed', async () => {
    const { output, path, log, read } = setUp();
    await output.deliver(batchOf(['1']), neverAborts());
    renameSync(path, `${path}.1`);
    await output.deliver(batchOf(['2']), neverAborts());
    rmSync(path);
    await output.deliver(batchOf(['3']), neverAborts());
    expect(read(`${path}.1`)).toBe('1\n');
    expect(read(path)).toBe('3\n');
    expect(log.lines).toHaveLength(2);
    await output.stop?.(neverAborts());
  });

  it('ends a half line that a crash left', async () => {
    const { output, path, read } = setUp();
    appendFileSync(path, '{"a":');
    await output.deliver(batchOf(['{"b":1}']), neverAborts());
    expect(read(path)).toBe('{"a":\n{"b":1}\n');
    await output.stop?.(neverAborts());
  });

  it('throws (so the batch is tried again) while the folder is missing', async () => {
    const { output } = setUp('absent/events.ndjson');
    await expect(output.deliver(batchOf(['1']), neverAborts())).rejects.toThrow(/ENOENT/);
    expect(await look(output)).toMatchObject([{ status: 'failed', line: expect.stringMatching(/make it$/) }]);
  });

  it('tells doctor whether it can be written to, and changes nothing', async () => {
    const { output, path } = setUp();
    expect(await look(output)).toEqual([{ status: 'ok', what: 'file', line: `${path} will be made` }]);
    writeFileSync(path, '');
    expect(await look(output)).toEqual([{ status: 'ok', what: 'file', line: `${path} can be appended to` }]);
    expect(await look(setUp('.').output)).toMatchObject([
      { status: 'failed', line: expect.stringMatching(/is a directory: add the name of a file/) },
    ]);
    const below = setUp('a-file/events.ndjson');
    writeFileSync(dirname(below.path), '');
    expect(await look(below.output)).toMatchObject([
      { status: 'failed', line: expect.stringMatching(/a-file is a file: set path to another place/) },
    ]);
  });

  it.skipIf(process.geteuid?.() === 0)('tells doctor that a permission is missing', async () => {
    const { output, path } = setUp();
    writeFileSync(path, '', { mode: 0o400 });
    expect(await look(output)).toMatchObject([
      { status: 'failed', line: expect.stringMatching(/cannot be written to: give the user/) },
    ]);
  });

  describe.skipIf(process.platform === 'win32')('mode', () => {
    it.each([0o000, 0o022, 0o077])('is that of new files, at umask %o', async (umask) => {
      const before = process.umask(umask);
      try {
        for (const mode of [0o640, 0o600, 0o664]) {
          const { output, path } = setUp('events.ndjson', `0${mode.toString(8)}`);
          await output.deliver(batchOf(['1']), neverAborts());
          expect(statSync(path).mode & 0o7777).toBe(mode);
          renameSync(path, `${path}.1`);
          await output.deliver(batchOf(['2']), neverAborts());
          expect(statSync(path).mode & 0o7777).toBe(mode);
          await output.stop?.(neverAborts());
        }
      } finally {
        process.umask(before);
      }
    });

    it('leaves a file that is there as it is', async () => {
      const { output, path } = setUp('events.ndjson', '0600');
      writeFileSync(path, '');
      chmodSync(path, 0o644);
      await output.deliver(batchOf(['1']), neverAborts());
      expect(statSync(path).mode & 0o7777).toBe(0o644);
      await output.stop?.(neverAborts());
    });

    async function modeIn(yaml: string) {
      const text = `outputs:\n  archive: { type: file, path: ./events.ndjson${yaml} }\n`;
      const loaded = await loadConfig({
        file: 'tiercel.yaml',
        text,
        env: {},
        registry: createRegistry(builtIns),
      });
      if (!loaded.ok) return loaded.errors.map(({ message, fix }) => `${message}. ${fix ?? ''}`).join('\n');
      return (loaded.config.outputs[0]!.options as { mode: number }).mode;
    }

    it.each([
      ['', 0o640],
      [', mode: "0640"', 0o640],
      [", mode: '600'", 0o600],
      [', mode: "0o664"', 0o664],
    ])('is octal text%s', async (yaml, mode) => {
      expect(await modeIn(yaml)).toBe(mode);
    });

    it.each(['0640', '640', '416', '0o640', '0x1a0'])('is refused as the number %s', async (number) => {
      const said = await modeIn(`, mode: ${number}`);
      expect(said).toContain('must be permissions in octal such as "0640", not a number');
      expect(said).toContain('Write it in quotes, in octal: "0640".');
    });

    it.each(['rw-r-----', '0840', '1640', '64', '06400'])('is refused as %s', async (text) => {
      expect(await modeIn(`, mode: "${text}"`)).toContain(
        `"${text}" is not permissions in octal such as "0640" or "0600"`,
      );
    });

    it('lets the owner read and write', async () => {
      expect(await modeIn(', mode: "0440"')).toContain(
        'does not allow the owner to read and write: start with 06',
      );
    });
  });
});
