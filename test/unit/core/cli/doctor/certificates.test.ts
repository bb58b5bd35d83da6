import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCertificates, type PemFiles } from '../../../../../core/cli/doctor/certificates.ts';
import type { Finding } from '../../../../../core/sdk/index.ts';
import { makeCertificates } from '../../../../support/certificates.ts';
import { tlsFile } from '../../../../support/tls-servers.ts';

const NAMES = { ca: 'tls.ca', cert: 'tls.cert', key: 'tls.key' };
const NOW = Date.UTC(2027, 0, 1);

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tiercel-certificates-'));
  writeFileSync(join(dir, 'empty.pem'), '');
  writeFileSync(join(dir, 'broken.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
  const [expired, ca] = ['expired.crt', 'ca.crt'].map((name) => readFileSync(tlsFile(name), 'utf8'));
  writeFileSync(join(dir, 'two.pem'), `${expired}${ca}`);
  writeFileSync(join(dir, 'chain.pem'), `${ca}${expired}`);
  writeFileSync(join(dir, 'old.pem'), `${expired}${expired}`);
  makeCertificates(dir);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function check(files: PemFiles, now = NOW): Promise<string[]> {
  const found: Finding[] = [];
  for await (const finding of checkCertificates(files, NAMES, { dir, now })) found.push(finding);
  expect(found.every(({ what }) => what === 'TLS files')).toBe(true);
  return found.map(({ status, line }) => `${status} ${line.replaceAll(/\(\/[^)]*\/([^/)]+)\)/g, '($1)')}`);
}

const good = { ca: tlsFile('ca.crt'), cert: tlsFile('client.crt'), key: tlsFile('client.key') };

describe('TLS files', () => {
  it('are fine when they are there, valid, and belong together', async () => {
    expect(await check(good)).toEqual([
      'ok tls.ca (ca.crt): "Tiercel test authority" valid until 2126-11-01',
      'ok tls.cert (client.crt): "client" valid until 2125-01-01',
      'ok tls.key (client.key) is the key of the certificate',
    ]);
    const inline = readFileSync(good.cert, 'utf8');
    expect(await check({ cert: inline })).toEqual(['ok tls.cert: "client" valid until 2125-01-01']);
    expect(await check({})).toEqual([]);
  });

  it.each<[PemFiles, string[]]>([
    [
      { ca: 'a.pem', cert: 'b.pem', key: 'c.pem' },
      ['ca (a', 'cert (b', 'key (c'].map(
        (name) => `failed tls.${name}.pem) cannot be read: it does not exist`,
      ),
    ],
    [{ ca: 'empty.pem' }, ['failed tls.ca (empty.pem) holds no certificate in PEM']],
    [{ ca: '.' }, [expect.stringMatching(/^failed tls\.ca .* cannot be read: it is a directory$/)]],
    [
      { cert: 'broken.pem' },
      [expect.stringMatching(/^failed tls\.cert \(broken\.pem\) holds a certificate that cannot/)],
    ],
    [
      { key: 'empty.pem' },
      [expect.stringMatching(/^failed tls\.key \(empty\.pem\) holds no private key in PEM/)],
    ],
    [
      { cert: good.cert, key: tlsFile('server.key') },
      [expect.stringMatching(/^ok/), 'failed tls.key (server.key) is not the key of tls.cert (client.crt)'],
    ],
    [
      { cert: tlsFile('expired.crt') },
      ['failed tls.cert (expired.crt): "client" expired on 2020-01-02: renew it'],
    ],
    // A chain is as good as its first certificate to end.
    [{ cert: 'chain.pem' }, ['failed tls.cert (chain.pem): "client" expired on 2020-01-02: renew it']],
    [{ ca: 'two.pem' }, ['ok tls.ca (two.pem): 2 authorities, 1 of them expired']],
    [{ ca: 'old.pem' }, ['failed tls.ca (old.pem): all 2 authorities have expired']],
  ])('%#: says what is wrong', async (files, lines) => {
    expect(await check(files)).toEqual(lines);
  });

  it('warns before the end, and fails before the begin', async () => {
    const [soon] = await check({ cert: 'server.pem' }, Date.now());
    expect(soon).toMatch(
      /^warning tls\.cert \(server\.pem\): "server" valid until .*, 1 day from now: renew it$/,
    );
    const [early] = await check({ cert: good.cert }, Date.UTC(2019, 0, 1));
    expect(early).toMatch(/^failed .*is valid from 2020-01-01T00:00:00\.000Z only: check the clock/);
  });
});
