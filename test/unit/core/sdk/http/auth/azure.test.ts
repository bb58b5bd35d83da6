import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { neverAborts } from '../../../../outputs/support.ts';
import { type Asked, startFakeCloud } from './fake-cloud.ts';

const TENANT = '11111111-2222-4333-8444-555555555555';
const CLIENT = '99999999-2222-4333-8444-555555555555';
const SCOPE = 'https://eventhubs.azure.net/.default';
const SECRET = 'the-client-secret-of-azure';
const NAMES = ['login.microsoftonline.com'];
const HOST = `https://${NAMES[0]}`;

const json = (response: ServerResponse, status: number, value: object) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
};

/** What the login server of Entra ID answers: its endpoints, and `azure-token-1`, `-2` … to whoever asks. */
function entra(refusal?: { readonly status: number; readonly body: object }) {
  let count = 0;
  return ({ path }: Asked, response: ServerResponse) => {
    if (path.includes('/discovery/instance'))
      return json(response, 200, {
        tenant_discovery_endpoint: `${HOST}/${TENANT}/v2.0/.well-known/openid-configuration`,
        'api-version': '1.1',
        metadata: [
          {
            preferred_network: NAMES[0],
            preferred_cache: 'login.windows.net',
            aliases: [NAMES[0], 'login.windows.net'],
          },
        ],
      });
    if (path.includes('openid-configuration'))
      return json(response, 200, {
        token_endpoint: `${HOST}/${TENANT}/oauth2/v2.0/token`,
        authorization_endpoint: `${HOST}/${TENANT}/oauth2/v2.0/authorize`,
        issuer: `${HOST}/${TENANT}/v2.0`,
        jwks_uri: `${HOST}/${TENANT}/discovery/v2.0/keys`,
      });
    if (refusal !== undefined) return json(response, refusal.status, refusal.body);
    count++;
    json(response, 200, {
      token_type: 'Bearer',
      expires_in: 3599,
      ext_expires_in: 3599,
      access_token: `azure-token-${count}`,
    });
  };
}

const ofApplication = () => ({
  azure: { scope: SCOPE, tenant_id: TENANT, client_id: CLIENT, client_secret: SECRET },
});

afterEach(() => vi.unstubAllEnvs());

describe('auth.azure', () => {
  it('sends the token of an application, and another one after a 401', async () => {
    const cloud = await startFakeCloud(
      NAMES,
      ofApplication,
      entra(),
      ({ headers }) => headers.authorization === 'Bearer azure-token-2',
    );
    expect(await cloud.http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(cloud.delivered().map(({ headers }) => headers.authorization)).toEqual([
      'Bearer azure-token-1',
      'Bearer azure-token-2',
    ]);
    const tokenRequests = cloud.asked.filter(({ path }) => path.startsWith(`/${TENANT}/oauth2/v2.0/token`));
    expect(tokenRequests).toHaveLength(2);
    expect(Object.fromEntries(new URLSearchParams(tokenRequests[0]?.body))).toMatchObject({
      grant_type: 'client_credentials',
      client_id: CLIENT,
      client_secret: SECRET,
      scope: SCOPE,
    });
    expect(cloud.proxy.asked).toContain('CONNECT login.microsoftonline.com:443');
  });

  it('exchanges the token of a workload identity without a secret', async () => {
    const cloud = await startFakeCloud(
      NAMES,
      (folder) => {
        writeFileSync(join(folder, 'federated'), 'the-federated-token');
        vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', join(folder, 'federated'));
        vi.stubEnv('AZURE_TENANT_ID', TENANT);
        vi.stubEnv('AZURE_CLIENT_ID', CLIENT);
        vi.stubEnv('AZURE_AUTHORITY_HOST', HOST);
        return { azure: { scope: SCOPE } };
      },
      entra(),
    );
    expect(await cloud.http.post('', '{}', neverAborts())).toEqual({ status: 'delivered' });
    expect(cloud.delivered()[0]?.headers.authorization).toBe('Bearer azure-token-1');
    const asked = cloud.asked.find(({ body }) => body.includes('client_assertion='));
    expect(new URLSearchParams(asked?.body).get('client_assertion')).toBe('the-federated-token');
  });

  it('is denied when the secret is wrong, and does not show it', async () => {
    const body = {
      error: 'invalid_client',
      error_description: `AADSTS7000215: Invalid client secret ${SECRET}`,
    };
    const cloud = await startFakeCloud(NAMES, ofApplication, entra({ status: 401, body }));
    const delivery = await cloud.http.post('', '{}', neverAborts());
    expect(delivery).toMatchObject({
      status: 'retry',
      denied: true,
      reason: expect.stringMatching(/^auth\.azure: .*AADSTS7000215/),
    });
    expect(JSON.stringify(delivery)).not.toContain(SECRET);
    expect(cloud.delivered()).toEqual([]);
  });

  it('waits when the login server fails', async () => {
    const cloud = await startFakeCloud(NAMES, ofApplication, entra({ status: 503, body: { error: 'busy' } }));
    const delivery = await cloud.http.post('', '{}', neverAborts());
    expect(delivery).toMatchObject({ status: 'retry', reason: expect.stringMatching(/^auth\.azure: /) });
    expect(delivery).not.toHaveProperty('denied');
  });
});
