import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askAdmin } from '../support/admin.ts';
import { runCommand, spawnCommand } from '../support/commands.ts';
import { sampleEvents } from '../support/corpus.ts';
import { type Destination, startDestination } from '../support/destination.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';

/** Every way in which a secret gets into a configuration, each with a text of its own. */
const SECRETS = {
  bearer: 'bearer-s3cret-0001',
  basic: 'basic-s3cret-0002',
  header: 'header-s3cret-0003',
  environment: 'environment-s3cret-0004',
  file: 'file-s3cret-0005',
  url: 'url-s3cret-0006',
  token: 'token-s3cret-0007',
  reloaded: 'reloaded-s3cret-0008',
};

const configOf = (hook: string, header: string) => `
outputs:
  archive: { type: file, path: ./archive.ndjson }
  hook:
    type: webhook
    url: "${hook}"
    auth: { bearer: { token: ${SECRETS.token} } }
    headers:
      x-plain: "${header}"
      x-env: "\${env:HOOK_TOKEN}"
      x-file: "\${file:./token}"
    batch: { events: 1 }
  desk:
    type: webhook
    url: "${hook.replace('http://', `http://user:${SECRETS.url}@`)}"
    batch: { events: 1 }
  chat:
    type: slack
    webhook_url: "\${env:CHAT_URL}"
    batch: { events: 1 }
`;

let destination: Destination;
let tiercel: Tiercel;

beforeAll(async () => {
  // Whatever an output is told by its destination is an occasion to repeat what it sent.
  destination = await startDestination(403);
  const chat = destination.url.replace('/events', `/${SECRETS.environment}`);
  tiercel = await startTiercel({
    config: 'log: { level: debug }\noutputs: { archive: { type: file, path: ./archive.ndjson } }\n',
    server: `  auth: { bearer_token: ${SECRETS.bearer}, basic: { username: falco, password: ${SECRETS.basic} } }`,
    env: { HOOK_TOKEN: SECRETS.environment, CHAT_URL: chat },
  });
  writeFileSync(join(tiercel.directory, 'token'), SECRETS.file);
}, 60_000);
afterAll(async () => {
  await tiercel?.remove();
  await destination?.close();
});

test('no secret is in the log, /outputs, /metrics, the dead letters, print-config or an error', async () => {
  const { directory: cwd } = tiercel;
  const path = join(cwd, 'tiercel.yaml');
  const head = readFileSync(path, 'utf8').split('outputs:')[0]!;
  const write = (text: string) => writeFileSync(path, head + text);
  const get = async (path: string): Promise<string> => {
    const headers = { authorization: `Bearer ${SECRETS.bearer}` };
    return (await fetch(tiercel.url + path, { headers })).text();
  };
  const reload = async (text: string, sign: string) => {
    const from = tiercel.output().length;
    write(text);
    tiercel.send('SIGHUP');
    await until(sign, () => tiercel.output().slice(from).includes(sign));
  };

  await reload(configOf(destination.url, SECRETS.header), 'Configuration reloaded: 3 outputs');
  // Again, with a secret that the process was not started with.
  await reload(configOf(destination.url, SECRETS.reloaded), 'Configuration reloaded: 1 outputs');
  for (const event of sampleEvents().slice(0, 3)) {
    await tiercel.post('/', event, { authorization: `Bearer ${SECRETS.bearer}` });
  }
  await tiercel.post('/', 'nonsense', { authorization: `Bearer ${SECRETS.bearer}` });
  await tiercel.post('/', '{}', { authorization: 'Bearer wrong' });
  await until('the outputs to complain', async () =>
    /"state":"(open|retrying)".*"state":"(open|retrying)"/.test(await get('/outputs')),
  );
  // What is refused for good ends in the dead letters, with the words of the output.
  destination.answer(422);
  await reload(configOf(destination.url, SECRETS.header), 'Configuration reloaded: 1 outputs');
  const admin = async (path: string) => (await askAdmin(join(cwd, 'data'), path)).body;
  await until('dead letters', async () => (await admin('/dead-letters')) !== '');

  const env = { HOOK_TOKEN: SECRETS.environment, CHAT_URL: `${destination.url}/${SECRETS.environment}` };
  const texts: Record<string, string> = {
    outputs: await get('/outputs'),
    metrics: await get('/metrics'),
    'dead letters': await admin('/dead-letters'),
    journal: await admin('/journal'),
    readyz: await admin('/readyz'),
  };
  for (const args of [
    ['print-config'],
    ['validate', '--format', 'json'],
    ['dlq', 'list'],
    ['journal', 'status'],
  ]) {
    const { stdout, stderr, code } = await withEnvironment(env, () => runCommand(cwd, ...args));
    expect(code, stderr).toBe(0);
    texts[args.join(' ')] = stdout + stderr;
  }
  // Errors show the line at fault: not when a secret stands in it.
  write(
    configOf(destination.url, SECRETS.header).replace(
      'type: webhook',
      `type: webhook\n    urll: "${SECRETS.url}"`,
    ),
  );
  const broken = await withEnvironment(env, () => runCommand(cwd, 'validate'));
  expect(broken.code).toBe(2);
  texts.errors = broken.stdout + broken.stderr;
  write(configOf(destination.url, SECRETS.header));
  const wrong = await spawnCommand(
    ['tap', '--url', tiercel.url.replace('//', `//falco:${SECRETS.basic}x@`)],
    { cwd },
  );
  expect(wrong.code).toBe(1);
  texts['a refusal'] = wrong.stderr;

  expect((await tiercel.stop(30_000)).code).toBe(0);
  texts.log = tiercel.output();
  expect(texts.log).toContain('Event queued');
  const leaks = Object.entries(texts).flatMap(([where, text]) =>
    Object.entries(SECRETS)
      .filter(([, secret]) =>
        [secret, Buffer.from(secret).toString('base64').slice(0, -3)].some((spelling) =>
          text.includes(spelling),
        ),
      )
      .map(([kind]) => `${kind} in ${where}: ${excerpt(text, SECRETS[kind as keyof typeof SECRETS])}`),
  );
  expect(leaks).toEqual([]);
}, 90_000);

async function withEnvironment<T>(env: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
}

function excerpt(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return text.slice(Math.max(0, at - 80), at + 40).replaceAll('\n', ' ');
}
