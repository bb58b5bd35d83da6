import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { spawnCommand } from '../support/commands.ts';
import { freePort } from '../support/port.ts';
import { startTiercel } from '../support/process.ts';
import { startTlsServer, tlsFile } from '../support/tls-servers.ts';
import { until } from '../support/until.ts';

interface Line {
  readonly area: string;
  readonly output?: string;
  readonly status: string;
  readonly what: string;
  readonly line: string;
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tiercel-doctor-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Runs it on a configuration. @param extra in a folder of its own unless `cwd` says which */
async function doctor(yaml: string, args: readonly string[] = [], cwd = folder()) {
  writeFileSync(join(cwd, 'tiercel.yaml'), yaml);
  const { code, stdout, stderr } = await spawnCommand(['doctor', ...args], { cwd });
  return { code, stdout, stderr, cwd };
}

/** The findings, and the counts of the last line. */
async function findings(yaml: string, args: readonly string[] = [], cwd = folder()) {
  const { code, stdout } = await doctor(yaml, ['--json', ...args], cwd);
  const lines = stdout.trim().split('\n');
  const { summary } = JSON.parse(lines.pop()!) as { summary: Record<string, number> };
  const found = lines.map((line) => JSON.parse(line) as Line);
  const of = (where: string) => found.filter(({ area, output }) => (output ?? area) === where);
  const lineOf = (where: string, status: string) => of(where).find((one) => one.status === status)?.line;
  return { code, found, summary, of, lineOf, cwd };
}

/** Every built-in output, at a port on which nothing listens. */
const dead = (port: number) => `
journal: { path: ./state }
server: { listen: "127.0.0.1:0" }
outputs:
  hook: { type: webhook, url: "http://127.0.0.1:${port}/a-token-of-the-hook" }
  chat: { type: slack, webhook_url: "https://127.0.0.1:${port}/services/T00/B00/abcdefghijkl" }
  alerts: { type: alertmanager, hosts: ["http://127.0.0.1:${port}"] }
  search: { type: elasticsearch, url: "http://127.0.0.1:${port}" }
  bus: { type: nats, servers: ["nats://127.0.0.1:${port}"] }
  queue:
    type: aws_sqs
    queue_url: http://127.0.0.1:${port}/123456789012/falco
    region: eu-west-1
    access_key_id: AKIA0
    secret_access_key: not-a-real-secret-key
  lake: { type: parquet_lake, directory: ./tiercel.yaml/below }
  archive: { type: file, path: ./absent/archive.ndjson }
`;

describe('tiercel doctor', () => {
  it('finds every dead destination, says so at the end, and shows no secret', async () => {
    const yaml = dead(await freePort());
    const { code, found, summary, of } = await findings(yaml);
    const names = ['hook', 'chat', 'alerts', 'search', 'bus', 'queue', 'lake', 'archive'];
    for (const name of names)
      expect(
        of(name).map(({ status }) => status),
        name,
      ).toContain('failed');
    expect(code).toBe(1);
    expect(summary.failed).toBe(names.length);
    expect(found.filter(({ status }) => status === 'failed').every(({ area }) => area === 'output')).toBe(
      true,
    );
    const { code: again, stdout } = await doctor(yaml);
    expect(again).toBe(1);
    const [, end] = stdout.split(/\n(?=8 failed)/);
    for (const name of names) expect(end).toMatch(new RegExp(`^ {2}FAILED {7}${name}: `, 'm'));
    expect(stdout).not.toMatch(/a-token-of-the-hook|abcdefghijkl|not-a-real-secret-key/);
  });

  it('passes where everything is well, and leaves nothing', async () => {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      response.writeHead(405).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const cwd = folder();
    mkdirSync(join(cwd, 'lake'));
    const yaml = `
journal: { path: ./state }
server:
  listen: "127.0.0.1:${await freePort()}"
  tls: { cert: ${tlsFile('server.crt')}, key: ${tlsFile('server.key')}, client_ca: ${tlsFile('ca.crt')} }
outputs:
  hook: { type: webhook, url: "http://localhost:${(server.address() as AddressInfo).port}/hook" }
  archive: { type: file, path: ./archive.ndjson }
  lake:
    type: aws_security_lake
    directory: ./lake
    source: falco
    region: eu-west-1
    account_id: "123456789012"
  out: { type: stdout }
  off: { type: file, path: ./absent/archive.ndjson, enabled: false }
`;
    const { code, stdout } = await doctor(yaml, ['--write'], cwd);
    expect(stdout).toMatch(/^lake \(aws_security_lake\)\n\s+batch: closed at 256MiB or 5m$/m);
    expect(stdout).toMatch(
      /key: .*ext\/falco\/region=eu-west-1\/accountId=123456789012\/eventDay=\d{8}\/\{batch id\}\.parquet$/m,
    );
    expect(stdout).not.toContain('off (file)');
    // The file system of the tests may be one that is warned of.
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^All \d+ checks passed\.$|file system/);
    expect(code).toBe(0);
    expect(requests).toEqual(['HEAD /hook']);
    expect(readdirSync(cwd).sort()).toEqual(['lake', 'tiercel.yaml']);
    expect(readdirSync(join(cwd, 'lake'))).toEqual([]);
  });

  it('finds a journal that cannot be, missing certificates, and a directory given to a file output', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'a-file'), '');
    mkdirSync(join(cwd, 'a-directory'));
    const yaml = `
journal: { path: ./a-file/state }
server: { listen: "127.0.0.1:0", tls: { cert: ./absent.crt, key: ${tlsFile('server.key')} } }
outputs:
  archive: { type: file, path: ./a-directory }
  hook: { type: webhook, url: "https://localhost:1/", tls: { ca: ./absent-ca.crt } }
`;
    const { code, lineOf } = await findings(yaml, [], cwd);
    expect(code).toBe(1);
    expect(lineOf('storage', 'failed')).toMatch(/a-file is a file; set journal\.path to another place$/);
    expect(lineOf('server', 'failed')).toMatch(
      /^server\.tls\.cert \(.*absent\.crt\) cannot be read: it does not exist$/,
    );
    expect(lineOf('archive', 'failed')).toMatch(/a-directory is a directory/);
    expect(lineOf('hook', 'failed')).toMatch(/^tls\.ca \(.*absent-ca\.crt\) cannot be read/);
  });

  it('tells certificates that are not trusted or have expired, and a proxy that refuses', async () => {
    const servers = {
      good: await startTlsServer('server'),
      expired: await startTlsServer('expired'),
      foreign: await startTlsServer('foreign'),
    };
    const proxy = createServer();
    proxy.on('connect', (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const server of Object.values(servers)) server.close();
      proxy.close();
    });
    const hook = (name: keyof typeof servers, more = `tls: { ca: ${tlsFile('ca.crt')} }`) =>
      `{ type: webhook, url: "https://localhost:${servers[name].port}/", ${more} }`;
    const yaml = `
journal: { path: ./state }
server: { listen: "127.0.0.1:0" }
outputs:
  good: ${hook('good')}
  untrusted: ${hook('good', 'gzip: true')}
  expired: ${hook('expired')}
  foreign: ${hook('foreign')}
  proxied: ${hook('good', `proxy: "http://127.0.0.1:${(proxy.address() as AddressInfo).port}"`)}
`;
    const { code, of, lineOf } = await findings(yaml);
    expect(code).toBe(1);
    expect(of('good').map(({ status }) => status)).toEqual(['plan', 'ok', 'ok', 'ok', 'ok', 'ok']);
    expect(lineOf('untrusted', 'failed')).toMatch(/give that authority as tls\.ca$/);
    expect(lineOf('expired', 'failed')).toMatch(/expired on 2020-01-02: renew it \(CERT_HAS_EXPIRED\)$/);
    expect(lineOf('foreign', 'failed')).toMatch(/not signed by a trusted authority/);
    expect(lineOf('proxied', 'failed')).toMatch(
      /answered 403 to CONNECT localhost:\d+: allow the destination/,
    );
  });

  it('warns of a certificate once, for all outputs that use it', async () => {
    const cwd = folder();
    // They end within two days. The self-signed server certificate is the authority, too.
    const names = '-subj /CN=ca -addext subjectAltName=DNS:localhost';
    const made = `req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 ${names}`;
    execFileSync('openssl', made.split(' '), { cwd, stdio: 'ignore' });
    const [cert, key] = ['ca.pem', 'ca.key'].map((name) => readFileSync(join(cwd, name), 'utf8'));
    const server = createSecureServer({ cert: cert!, key: key! }, (_, response) => {
      response.writeHead(405).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
    const yaml = `
journal: { path: ./state }
server: { listen: "127.0.0.1:0" }
outputs:
  a: { type: webhook, url: "${url}", tls: { ca: ./ca.pem } }
  b: { type: webhook, url: "${url}", tls: { ca: ./ca.pem } }
  c: { type: webhook, url: "${url}", tls: { ca: ./ca.pem, insecure: true } }
`;
    const { stdout } = await doctor(yaml, [], cwd);
    const lines = stdout.split('\n').filter((line) => line.includes('renew it'));
    expect(lines, stdout).toEqual([
      expect.stringMatching(
        /^ {2}warning +a, b, c: TLS files: tls\.ca \(.*ca\.pem\): "ca" valid until .*renew it$/,
      ),
    ]);
    // What one output does with a certificate is its own affair.
    expect(stdout).toMatch(/^ {2}warning +c: TLS: .*not verified/m);
    // For programs, each output has all of its own.
    const { of } = await findings(yaml, [], cwd);
    for (const name of ['a', 'b', 'c'])
      expect(
        of(name).filter(({ status, what }) => status === 'warning' && what === 'TLS files'),
      ).toHaveLength(1);
  });

  it('states that UDP is not confirmed, and passes', async () => {
    const yaml = `
journal: { path: ./state }
server: { listen: "127.0.0.1:0" }
outputs: { siem: { type: syslog, host: 127.0.0.1, port: 5140, protocol: udp } }
`;
    const { of, code, summary } = await findings(yaml, ['--output', 'siem']);
    expect(of('siem')).toContainEqual(
      expect.objectContaining({ status: 'plan', line: expect.stringMatching(/UDP has no acknowledgement/) }),
    );
    expect([code, summary.not_checked]).toEqual([0, 0]);
  });

  it('never calls an output well that has no check, or does not end in time', async () => {
    const cwd = folder();
    const plugin = (body: string) => `export default {
  apiVersion: 1, type: 'p', summary: 'A test.', batch: { events: 1 }, examples: [],
  options: { type: 'object', properties: { url: { type: 'string', format: 'http-url', description: 'Where.' } }, additionalProperties: false },
  create: () => ({ deliver: async () => ({ status: 'delivered' }), ${body} }),
};`;
    writeFileSync(join(cwd, 'none.js'), plugin(''));
    writeFileSync(
      join(cwd, 'hangs.js'),
      plugin('check: () => new Promise(() => setInterval(() => {}, 1000))'),
    );
    writeFileSync(join(cwd, 'silent.js'), plugin('async *diagnose() {}'));
    const journal = 'journal: { path: ./state }\nserver: { listen: "127.0.0.1:0" }\n';
    const none = await findings(`${journal}outputs: { it: { type: ./none.js } }`, [], cwd);
    expect(none.code).toBe(3);
    expect(none.summary).toMatchObject({ failed: 0, not_checked: 1 });
    expect(none.lineOf('it', 'not_checked')).toMatch(/has no check/);
    const silent = await findings(`${journal}outputs: { it: { type: ./silent.js } }`, [], cwd);
    expect(silent.code).toBe(3);
    const text = await doctor(`${journal}outputs: { it: { type: ./none.js } }`, [], cwd);
    expect(text.stdout).toMatch(/^ {2}not checked {2}check: this output has no check/m);
    expect(text.stdout).toMatch(/^1 not checked.*; \d+ of \d+ checks passed\.$/m);
    // The address in its options is reached all the same.
    const yaml = `${journal}outputs: { it: { type: ./none.js, url: "http://127.0.0.1:${await freePort()}" } }`;
    const dead = await findings(yaml, [], cwd);
    expect(dead.code).toBe(1);
    expect(dead.lineOf('it', 'failed')).toMatch(/ECONNREFUSED/);
    const hangs = await findings(
      `${journal}outputs: { it: { type: ./hangs.js } }`,
      ['--timeout', '100ms'],
      cwd,
    );
    expect(hangs.code).toBe(1);
    expect(hangs.lineOf('it', 'failed')).toMatch(/^no answer within 100ms: .*--timeout$/);
  });

  it('asks the running instance, and knows its addresses', async () => {
    const port = await freePort();
    const state = folder();
    const config = `
journal: { path: ${state}/state }
outputs:
  archive: { type: file, path: ${state}/archive.ndjson }
  hook: { type: webhook, url: "http://127.0.0.1:${port}/", breaker: { failures: 1 } }
`;
    const running = await startTiercel({ config });
    onTestFinished(() => running.remove());
    const listen = `server: { listen: "127.0.0.1:${new URL(running.url).port}" }\n`;
    expect((await running.post('/test', '')).status).toBe(200);
    await until('the breaker to open', async () => (await running.get('/outputs')).body.includes('"open"'));
    const { of, lineOf, code } = await findings(`${listen}${config}`);
    expect(code).toBe(1);
    expect(of('instance').map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    expect(lineOf('server', 'ok')).toMatch(/is served by the running instance$/);
    expect(lineOf('archive', 'ok')).toBe('works; nothing pending');
    expect(lineOf('hook', 'failed')).toMatch(/^circuit breaker open for .*; 1 pending, .*ECONNREFUSED/);
    const moved = listen.replace(/:\d+"/, `:${port}"`);
    const other = await findings(`${moved}${config}  new: { type: stdout }\n`);
    expect(other.lineOf('server', 'failed')).toMatch(
      /does not listen at .*: it was started with another address/,
    );
    expect(other.lineOf('new', 'warning')).toMatch(/does not have this output: reload/);
    // Of another state directory: the address belongs to somebody else.
    const foreign = await findings(`${listen}journal: { path: ./mine }\noutputs: { out: { type: stdout } }`);
    expect(foreign.lineOf('server', 'failed')).toMatch(/in use by another instance of Tiercel/);
    expect(foreign.lineOf('instance', 'plan')).toMatch(/^none runs/);
  });

  it('asks one output alone, as JSON', async () => {
    const yaml = `
journal: { path: ./state }
outputs:
  archive: { type: file, path: ./archive.ndjson, enabled: false }
  out: { type: stdout }
`;
    const { code, found, summary } = await findings(yaml, ['--output', 'archive']);
    expect(code).toBe(0);
    expect(found.map(({ area, output, what, status }) => [area, output, what, status])).toEqual([
      ['output', 'archive', 'batch', 'plan'],
      ['output', 'archive', 'file', 'ok'],
    ]);
    expect(summary).toEqual({ ok: 1, plan: 1, warning: 0, not_checked: 0, failed: 0 });
    const absent = await doctor(yaml, ['--output', 'absent']);
    expect(absent).toMatchObject({ code: 2, stderr: expect.stringMatching(/absent/) });
    expect(await doctor(yaml, ['--timeout', 'soon'])).toMatchObject({ code: 2 });
    expect((await doctor('outputs: {}')).code).toBe(2);
  });
});

/** Root only: as another user, and on what belongs to another user. */
describe.skipIf(process.geteuid?.() !== 0)('tiercel doctor as another user', () => {
  const OTHER = 31_337;
  const YAML =
    'journal: { path: ./state }\nserver: { listen: "127.0.0.1:0" }\noutputs: { out: { type: stdout } }\n';

  function owned(uid: number): string {
    const cwd = folder();
    chmodSync(cwd, 0o755);
    mkdirSync(join(cwd, 'state'), { mode: 0o700 });
    writeFileSync(join(cwd, 'tiercel.yaml'), YAML);
    chownSync(join(cwd, 'state'), uid, uid);
    return cwd;
  }

  it('says whose the storage is, and does not judge for another user', async () => {
    const denied = await spawnCommand(['doctor'], { cwd: owned(0), uid: OTHER });
    expect(denied.code).toBe(1);
    expect(denied.stdout).toMatch(
      /FAILED +directory: .*state cannot be written to: .* belongs to user 0, and this process runs as user 31337/,
    );
    const root = await spawnCommand(['doctor'], { cwd: owned(OTHER) });
    expect(root.code).toBe(3);
    expect(root.stdout).toMatch(
      /not checked {2}directory: .* belongs to user 31337.*sudo -u '#31337' tiercel doctor/,
    );
    expect((await spawnCommand(['doctor'], { cwd: owned(OTHER), uid: OTHER })).code).toBe(0);
  });
});
