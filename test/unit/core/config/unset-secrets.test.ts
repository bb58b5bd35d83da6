// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${env:…}` is the configuration's own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, loadSections } from '../../../../core/config/load.ts';
import { memoryFiles, testRegistry } from './support.ts';

const CONFIG = `
server: { auth: { bearer_token: "\${env:INGEST_TOKEN}" } }
x-shared: { unused: "\${env:ANCHOR}" }
outputs:
  lake: { type: lake, bucket: "\${env:BUCKET}", region: r, batch: { every: 1m } }
  hook: { type: webhook, url: "\${env:HOOK_URL}", on_dead_letter: lake }
  filed: { type: webhook, url: "\${file:/run/secrets/url}" }
`;

/** Loads it for one output. @returns the names of the outputs, or the errors */
async function only(output: string | undefined, text: string, env: Record<string, string> = {}) {
  const options = { file: '/etc/t/config.yaml', env, registry: testRegistry(), only: output };
  const result = await loadConfig({ ...options, ...memoryFiles('/etc/t', { 'config.yaml': text }) });
  if (!result.ok) return result.errors.map(({ path, message }) => `${path}: ${message}`);
  return result.config.outputs.map(({ name }) => name);
}

describe('a configuration for one output', () => {
  it('needs the secrets of this output only', async () => {
    expect(await only('lake', CONFIG, { BUCKET: 'b' })).toEqual(['lake']);
    expect(await only('hook', CONFIG, { HOOK_URL: 'https://a.example' })).toEqual(['hook']);
  });

  it('keeps the error of a secret that it needs', async () => {
    expect(await only('lake', CONFIG)).toEqual([
      'outputs.lake.bucket: the environment variable BUCKET is not set',
    ]);
    expect(await only('filed', CONFIG)).toEqual([
      'outputs.filed.url: the file /run/secrets/url cannot be read: it does not exist',
    ]);
    const journal = `journal: { path: "\${env:STATE}" }${CONFIG}`;
    expect(await only('lake', journal, { BUCKET: 'b' })).toEqual([
      'journal.path: the environment variable STATE is not set',
    ]);
  });

  it('keeps the error where an anchor is used', async () => {
    const anchored = `
x-url: &url "\${env:HOOK_URL}"
outputs:
  a: { type: webhook, url: *url }
  b: { type: webhook, url: https://b.example }
`;
    expect(await only('a', anchored)).toEqual([
      'outputs.a.url: the environment variable HOOK_URL is not set',
    ]);
    expect(await only('b', anchored)).toEqual(['b']);
  });

  it('reports all other errors, in every output', async () => {
    const broken = CONFIG.replace('on_dead_letter: lake', 'on_dead_letter: lakes, gzipp: true').replace(
      '/run/secrets/url}',
      '/run/secrets/url}${HOOK}',
    );
    const found = await only('lake', broken, { BUCKET: 'b' });
    expect(found).toHaveLength(3);
    expect(found.join('\n')).toMatch(/unknown option "gzipp"/);
    expect(found.join('\n')).toMatch(/there is no output "lakes"/);
    expect(found.join('\n')).toMatch(/"\$\{HOOK\}" does not say where to look|"\$\{HOOK\}" has no source/);
  });

  it('needs every secret when no output is named', async () => {
    expect(await only(undefined, CONFIG, { BUCKET: 'b', HOOK_URL: 'https://a.example' })).toHaveLength(3);
  });
});

describe('loadSections', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'tiercel-sections-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const sections = (text: string, ...needed: ('journal' | 'server' | 'dead_letters')[]) => {
    const file = join(directory, 'tiercel.yaml');
    writeFileSync(file, text);
    return loadSections({ file, env: {}, registry: testRegistry(), needed });
  };

  it('ignores unset secrets and errors of what is not needed', async () => {
    const found = await sections(`${CONFIG}  broken: { type: nothing, urll: 1 }\n`, 'journal');
    expect(found.errors).toEqual([]);
    expect(found.sections.journal!.path).toBe(join(directory, 'data'));
    expect(found.outputs).toEqual(['lake', 'hook', 'filed', 'broken']);
  });

  it('returns the errors of what is needed, with place and fix', async () => {
    expect((await sections(CONFIG, 'server')).errors).toEqual([
      expect.objectContaining({
        path: 'server.auth.bearer_token',
        message: 'the environment variable INGEST_TOKEN is not set',
        fix: expect.stringContaining('${env:INGEST_TOKEN:-default}'),
        place: expect.objectContaining({ line: 2 }),
      }),
    ]);
    const wrong = await sections(`journal: { max_sice: 1GiB }${CONFIG}`, 'journal');
    expect(wrong.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('unknown option "max_sice"'),
    ]);
  });

  it('returns the errors that leave the names of the outputs unknown', async () => {
    for (const text of [
      'outputs: [',
      'outputs: [a]\n',
      'output: { a: { type: stdout } }\n',
      'include: [x.yaml]\n',
    ])
      expect((await sections(text, 'journal')).errors.length, text).toBeGreaterThan(0);
    expect((await loadSections({ file: join(directory, 'none'), needed: [] })).errors).toEqual([
      expect.objectContaining({ code: 'TIERCEL_CFG_FILE', fix: expect.any(String) }),
    ]);
  });
});
