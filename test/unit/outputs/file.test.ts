import { appendFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import file from '../../../outputs/file.ts';
import { batchOf, calm, contextOf, jsonTextMapper, recordingLogger } from './support.ts';

function setUp(path = 'events.ndjson') {
  const log = recordingLogger();
  const context = contextOf(jsonTextMapper, log);
  const output = file.create({ path }, context);
  return { log, output, path: join(context.configDir, path), read: (p: string) => readFileSync(p, 'utf8') };
}

describe('file', () => {
  it('appends a line each, relative to the configuration', async () => {
    const { output, path, read } = setUp();
    await output.deliver(batchOf(['{"a":1}', '{"a":2}']), calm());
    await output.deliver(batchOf(['{"a":3}']), calm());
    expect(read(path)).toBe('{"a":1}\n{"a":2}\n{"a":3}\n');
    await output.stop?.(calm());
  });

  it('opens a new file when the old one was renamed or removed', async () => {
    const { output, path, log, read } = setUp();
    await output.deliver(batchOf(['1']), calm());
    renameSync(path, `${path}.1`);
    await output.deliver(batchOf(['2']), calm());
    rmSync(path);
    await output.deliver(batchOf(['3']), calm());
    expect(read(`${path}.1`)).toBe('1\n');
    expect(read(path)).toBe('3\n');
    expect(log.lines).toHaveLength(2);
    await output.stop?.(calm());
  });

  it('ends a half line that a crash left', async () => {
    const { output, path, read } = setUp();
    appendFileSync(path, '{"a":');
    await output.deliver(batchOf(['{"b":1}']), calm());
    expect(read(path)).toBe('{"a":\n{"b":1}\n');
    await output.stop?.(calm());
  });

  it('throws (so the batch is tried again) while the folder is missing', async () => {
    const { output } = setUp('absent/events.ndjson');
    await expect(output.deliver(batchOf(['1']), calm())).rejects.toThrow(/ENOENT/);
    await expect(output.check?.(calm())).rejects.toThrow(/ENOENT/);
  });
});
