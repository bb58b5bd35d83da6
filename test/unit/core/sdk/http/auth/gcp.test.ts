import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { httpClient } from '../../../../../../core/sdk/http/client.ts';
import { misbehaving, neverAborts } from '../../../../outputs/support.ts';
import { type Asked, startFakeCloud } from './fake-cloud.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];
const SERVICE_ACCOUNT = {
  type: 'service_account',
  project_id: 'p',
  private_key_id: 'k',
  private_key: privateKey,
  client_email: 'tiercel@p.iam.gserviceaccount.com',
};
const FEDERATION = {
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
  credential_source: { file: 'SUBJECT' },
};

const json = (response: ServerResponse, status: number, value: object) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
};

const ID_TOKEN = `e30.${Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 3600 })).toString('base64url')}.sig`;

/** Issues `google-token-1`, `-2` … to whoever asks. */
function issue() {
  let count = 0;
  return ({ headers }: Asked, response: ServerResponse) => {
    if (!String(headers['content-type']).includes('x-www-form-urlencoded')) return json(response, 415, {});
    count++;
    json(response, 200, { access_token: `google-token-${count}`, expires_in: 3600, token_type: 'Bearer' });
  };
}

afterEach(() => vi.unstubAllEnvs());

describe('auth.gcp', () => {
  it('sends the access token of a service account, and another one after a 401', async () => {
    const cloud = await startFakeCloud(
      ['oauth2.googleapis.com'],
      (folder) => {
        writeFileSync(join(folder, 'key.json'), JSON.stringify(SERVICE_ACCOUNT));
        return { gcp: { credentials_file: 'key.json', scopes: SCOPES } };
      },
      issue(),
      ({ headers }) => headers.authorization === 'Bearer google-token-2',
    );
    expect(await cloud.http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(await cloud.http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(cloud.delivered().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer google-token-1',
      'Bearer google-token-2',
      'Bearer google-token-2',
    ]);
    expect(new Set(cloud.proxy.asked)).toEqual(
      new Set(['CONNECT oauth2.googleapis.com:443', 'CONNECT api.example.com:443']),
    );
  });

  it('sends an identity token for an audience', async () => {
    const cloud = await startFakeCloud(
      ['oauth2.googleapis.com'],
      (folder) => {
        writeFileSync(join(folder, 'key.json'), JSON.stringify(SERVICE_ACCOUNT));
        return { gcp: { credentials_file: 'key.json', scopes: SCOPES, audience: 'https://run.example' } };
      },
      (_, response) => json(response, 200, { id_token: ID_TOKEN }),
    );
    expect(await cloud.http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(cloud.delivered()[0]?.headers.authorization).toBe(`Bearer ${ID_TOKEN}`);
  });

  it('exchanges the token of a workload identity', async () => {
    const cloud = await startFakeCloud(
      ['sts.googleapis.com'],
      (folder) => {
        writeFileSync(join(folder, 'subject'), 'the-subject-token');
        const source = { file: join(folder, 'subject') };
        writeFileSync(
          join(folder, 'federation.json'),
          JSON.stringify({ ...FEDERATION, credential_source: source }),
        );
        return { gcp: { credentials_file: 'federation.json', scopes: SCOPES } };
      },
      issue(),
    );
    expect(await cloud.http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(cloud.delivered()[0]?.headers.authorization).toBe('Bearer google-token-1');
    expect(new URLSearchParams(cloud.asked[0]?.body).get('subject_token')).toBe('the-subject-token');
  });

  it('takes the Application Default Credentials without a file', async () => {
    const cloud = await startFakeCloud(
      ['oauth2.googleapis.com'],
      (folder) => {
        const path = join(folder, 'adc.json');
        writeFileSync(path, JSON.stringify(SERVICE_ACCOUNT));
        vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', path);
        return { gcp: { scopes: SCOPES } };
      },
      issue(),
    );
    expect(await cloud.http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(cloud.delivered()[0]?.headers.authorization).toBe('Bearer google-token-1');
  });

  it('asks the metadata server on a machine of Google', async () => {
    const metadata = await misbehaving(({ path }, response) => {
      response.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' });
      const isToken = path.includes('/token');
      response.end(isToken ? JSON.stringify({ access_token: 'machine-token', expires_in: 600 }) : '"p"');
    });
    vi.stubEnv('GCE_METADATA_HOST', new URL(metadata.url).host);
    vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
    vi.stubEnv('HOME', mkdtempSync(join(tmpdir(), 'tiercel-home-')));
    const destination = await misbehaving();
    const http = httpClient({ url: destination.url, auth: { gcp: { scopes: SCOPES } } }, { configDir: '/' });
    expect(await http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(destination.received[0]?.headers.authorization).toBe('Bearer machine-token');
    http.close();
    await Promise.all([metadata.stop(), destination.stop()]);
  });

  it.each([
    [400, { error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }, true],
    [503, { error: 'backend' }, undefined],
  ])('says what Google answered: %i', async (status, body, denied) => {
    const cloud = await startFakeCloud(
      ['oauth2.googleapis.com'],
      (folder) => {
        writeFileSync(join(folder, 'key.json'), JSON.stringify(SERVICE_ACCOUNT));
        return { gcp: { credentials_file: 'key.json', scopes: SCOPES } };
      },
      (_, response) => json(response, status, body),
    );
    const delivery = await cloud.http.post('', '{}', neverAborts());
    expect(delivery).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining(`auth.gcp: ${status}`),
    });
    expect((delivery as { denied?: boolean }).denied).toBe(denied);
    expect(cloud.delivered()).toEqual([]);
  });

  it('is denied when the file is not there', async () => {
    const http = httpClient(
      { url: 'http://127.0.0.1:9', auth: { gcp: { credentials_file: 'absent.json', scopes: SCOPES } } },
      { configDir: '/nowhere' },
    );
    expect(await http.post('', '{}', neverAborts())).toMatchObject({
      status: 'retry',
      denied: true,
      reason: expect.stringContaining('/nowhere/absent.json'),
    });
  });

  it('says what to install', async () => {
    const load = () => Promise.reject(new Error('this output needs the package google-auth-library'));
    const http = httpClient(
      { url: 'http://127.0.0.1:9', auth: { gcp: { scopes: SCOPES } } },
      { configDir: '/', load },
    );
    expect(await http.post('', '{}', neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('needs the package google-auth-library'),
    });
  });
});
