import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AssumeRoleError, credentialsFor } from '../../../../../core/sdk/aws/credentials.ts';
import { awsOptions } from '../../../../../core/sdk/aws/index.ts';
import { Type } from '../../../../../core/sdk/index.ts';
import { decoded } from '../../../../support/decoded.ts';

const AWS = { options: Type.Object(awsOptions) };
const KEY = { region: 'eu-west-1', access_key_id: 'AKIA', secret_access_key: 'secret' };
const ROLE = 'arn:aws:iam::111122223333:role/falco';
const SESSION = {
  AccessKeyId: 'ASIA',
  SecretAccessKey: 'hidden',
  SessionToken: 'token',
  Expiration: '2026-01-02T03:04:05Z',
};

/** An STS that answers with these credentials, and remembers what it was asked. */
async function sts(session: Partial<typeof SESSION> | undefined, status = 200) {
  const asked: { body: Record<string, string>; headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      asked.push({ body: Object.fromEntries(new URLSearchParams(text)), headers: request.headers });
      const members = Object.entries(session ?? {}).map(([name, value]) => `<${name}>${value}</${name}>`);
      const credentials = session && `<Credentials>${members.join('')}</Credentials>`;
      const result = `<AssumeRoleResult>${credentials ?? ''}</AssumeRoleResult>`;
      response.writeHead(status, { 'content-type': 'text/xml' });
      response.end(
        status === 200
          ? `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${result}</AssumeRoleResponse>`
          : '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, sts_endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const nothing = () => {};
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const STS = { requestHandler: {}, logger };

/** The session of a role. */
function assume(role: Record<string, unknown>, key: object = KEY) {
  const options = decoded(AWS, { ...KEY, ...key, assume_role: { role_arn: ROLE, ...role } });
  const { credentials } = credentialsFor(options, STS);
  return (credentials as () => Promise<unknown>)();
}

describe('credentialsFor', () => {
  it('takes a static key, with its session token where there is one', () => {
    expect(credentialsFor(KEY, STS)).toEqual({
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    });
    expect(credentialsFor({ ...KEY, session_token: 't', profile: 'p' }, STS)).toEqual({
      credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret', sessionToken: 't' },
    });
  });

  it('takes a profile, or leaves it to the default chain', () => {
    const credentialDefaultProvider = expect.any(Function);
    expect(credentialsFor({ region: 'r', profile: 'prod' }, STS)).toEqual({
      profile: 'prod',
      credentialDefaultProvider,
    });
    expect(credentialsFor({ region: 'r' }, STS)).toEqual({ credentialDefaultProvider });
  });

  it.each([{ access_key_id: 'AKIA' }, { secret_access_key: 'secret' }])('refuses half a key: %j', (half) => {
    expect(() => credentialsFor({ region: 'r', ...half }, STS)).toThrow(
      'access_key_id and secret_access_key go together: give both or neither',
    );
    const { assume_role } = decoded(AWS, { region: 'r', assume_role: { role_arn: ROLE } });
    expect(() => credentialsFor({ region: 'r', ...half, assume_role }, STS)).toThrow(/both or neither/);
  });

  it('assumes the role with the key, for an hour under the name tiercel', async () => {
    const { asked, sts_endpoint } = await sts(SESSION);
    expect(await assume({ sts_endpoint })).toEqual({
      accessKeyId: 'ASIA',
      secretAccessKey: 'hidden',
      sessionToken: 'token',
      expiration: new Date(SESSION.Expiration),
    });
    expect(asked).toHaveLength(1);
    const [{ body, headers }] = asked as [(typeof asked)[0]];
    expect(body).toMatchObject({
      Action: 'AssumeRole',
      RoleArn: ROLE,
      RoleSessionName: 'tiercel',
      DurationSeconds: '3600',
    });
    expect(body).not.toHaveProperty('ExternalId');
    expect(headers.authorization).toMatch(/Credential=AKIA\/\d{8}\/eu-west-1\/sts\//);
  });

  it('assumes it as the options say', async () => {
    const { asked, sts_endpoint } = await sts({ AccessKeyId: 'ASIA', SecretAccessKey: 'hidden' });
    const role = { sts_endpoint, session_name: 'mine', session_duration: '900400ms', external_id: 'ext' };
    expect(await assume(role)).toEqual({ accessKeyId: 'ASIA', secretAccessKey: 'hidden' });
    expect(asked[0]!.body).toMatchObject({
      RoleSessionName: 'mine',
      DurationSeconds: '900',
      ExternalId: 'ext',
    });
  });

  it.each([undefined, { AccessKeyId: 'ASIA' }, { SecretAccessKey: 'hidden' }])(
    'does not take an answer without both halves of a key: %j',
    async (session) => {
      const { sts_endpoint } = await sts(session);
      await expect(assume({ sts_endpoint })).rejects.toMatchObject({
        name: 'AssumeRoleError',
        message: `cannot assume ${ROLE}`,
        role: ROLE,
        endpoint: sts_endpoint,
        cause: expect.objectContaining({ message: 'the answer has no credentials' }),
      });
    },
  );

  it('fails with the refusal of STS, after one attempt', async () => {
    const { asked, sts_endpoint } = await sts(undefined, 403);
    const failure = await assume({ sts_endpoint }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AssumeRoleError);
    expect(failure).toMatchObject({ cause: { name: 'AccessDenied' } });
    expect(asked).toHaveLength(1);
  });
});
