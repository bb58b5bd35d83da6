import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { contextOf, createFakeClock } from '../../../../core/testing/index.ts';
import type { KafkaOptions } from '../../../../outputs/kafka/options.ts';
import { createSasl } from '../../../../outputs/kafka/sasl.ts';
import { neverAborts } from '../support.ts';
import { batch, event, make, start } from './support.ts';

type Aws = NonNullable<NonNullable<KafkaOptions['sasl']>['aws']>;

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const LONG_TERM: Aws = {
  region: 'us-east-1',
  access_key_id: 'AKIAIOSFODNN7EXAMPLE',
  secret_access_key: SECRET,
};
const SESSION = { access_key_id: 'ASIAIOSFODNN7EXAMPLE', session_token: 'a+session/token==' };

/**
 * What `generateAuthTokenFromCredentialsProvider` of aws-msk-iam-sasl-signer-js 1.0.3, AWS's own, gives for these keys at this
 * time, decoded.
 */
const PUBLISHED = {
  'a key':
    'https://kafka.us-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect&User-Agent=aws-msk-iam-sasl-signer-js%2F1.0.3&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-east-1%2Fkafka-cluster%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=900&X-Amz-Signature=6c06dd9fe8d30912131ef953413afa6e8a1b2155b6b93c39690c5eaa5d4e7b7d&X-Amz-SignedHeaders=host',
  'a session':
    'https://kafka.eu-central-1.amazonaws.com/?Action=kafka-cluster%3AConnect&User-Agent=aws-msk-iam-sasl-signer-js%2F1.0.3&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20260102%2Feu-central-1%2Fkafka-cluster%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=900&X-Amz-Security-Token=a%2Bsession%2Ftoken%3D%3D&X-Amz-Signature=849c804d590457d187104ba4d2aa164cbf17e8b6c7edc9998f227b549e73d831&X-Amz-SignedHeaders=host',
  'a session that ends in a minute':
    'https://kafka.eu-central-1.amazonaws.com/?Action=kafka-cluster%3AConnect&User-Agent=aws-msk-iam-sasl-signer-js%2F1.0.3&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20260102%2Feu-central-1%2Fkafka-cluster%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=60&X-Amz-Security-Token=a%2Bsession%2Ftoken%3D%3D&X-Amz-Signature=6f9b9bd421c8947635393e35821c1ae49f7a5da40153059671a6a93936394ca7&X-Amz-SignedHeaders=host',
};

/** The parameters of a signed address, but for the name of the program, which is not signed. */
function signedIn(address: string): Record<string, string> {
  const { origin, pathname, searchParams } = new URL(address);
  const { 'User-Agent': _, ...rest } = Object.fromEntries(searchParams);
  return { ...rest, origin, pathname };
}

/** Gives tokens as the output does, decoded, closed after the test. */
function tokensOf(aws: Aws, clock = createFakeClock(NOW)): () => Promise<string> {
  const sasl = createSasl({ sasl: { mechanism: 'AWS_MSK_IAM', aws } }, contextOf({ clock }))!;
  onTestFinished(() => sasl.close());
  expect(sasl.options.mechanism).toBe('OAUTHBEARER');
  const next = sasl.options.token as () => Promise<string>;
  return async () => {
    const token = await next();
    expect(token).toMatch(/^[\w-]+$/);
    return Buffer.from(token, 'base64url').toString();
  };
}

/** An STS whose sessions end after a time, milliseconds; undefined: it refuses. */
async function roleAt(lifetime: () => number | undefined) {
  vi.stubEnv('NO_PROXY', '*');
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    const milliseconds = lifetime();
    response.statusCode = milliseconds === undefined ? 403 : 200;
    response.end(
      milliseconds === undefined
        ? '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>'
        : `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>${SESSION.access_key_id}</AccessKeyId><SecretAccessKey>${SECRET}</SecretAccessKey>
            <SessionToken>${SESSION.session_token}</SessionToken>
            <Expiration>${new Date(NOW + milliseconds).toISOString()}</Expiration>
          </Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const assume_role = {
    role_arn: 'arn:aws:iam::111122223333:role/falco',
    session_name: 'tiercel',
    session_duration: 3_600_000,
    sts_endpoint: `http://127.0.0.1:${port}`,
  };
  return { aws: { ...LONG_TERM, region: 'eu-central-1', assume_role }, asked: () => asked };
}

describe('kafka on Amazon MSK', () => {
  it('makes the tokens that the signer of AWS makes', async () => {
    expect(signedIn(await tokensOf(LONG_TERM)())).toEqual(signedIn(PUBLISHED['a key']));
    const session = { ...LONG_TERM, ...SESSION, region: 'eu-central-1' };
    expect(signedIn(await tokensOf(session)())).toEqual(signedIn(PUBLISHED['a session']));
    const role = await roleAt(() => 60_000);
    const last = signedIn(await tokensOf(role.aws)());
    expect(last).toEqual(signedIn(PUBLISHED['a session that ends in a minute']));
  });

  it('makes a token for each connection, and assumes the role again before its session ends', async () => {
    const clock = createFakeClock(NOW);
    let end = 3_600_000;
    const role = await roleAt(() => end);
    const tokens = tokensOf(role.aws, clock);
    await tokens();
    await clock.advance(3_540_000);
    expect(signedIn(await tokens())).toMatchObject({
      'X-Amz-Date': '20260102T040305Z',
      'X-Amz-Expires': '60',
    });
    expect(role.asked()).toBe(1);
    await clock.advance(1);
    end = 7_200_000;
    expect(signedIn(await tokens())['X-Amz-Expires']).toBe('900');
    expect(role.asked()).toBe(2);
  });

  it('authenticates connections with them', async () => {
    const taken: string[] = [];
    const takesToken = (token: string) => taken.push(Buffer.from(token, 'base64url').toString()) > 0;
    const broker = await start({ topics: { falco: 1 }, takesToken });
    const output = make(broker, { sasl: { mechanism: 'AWS_MSK_IAM', aws: LONG_TERM } });
    expect(await output.deliver(batch([event(0)]), neverAborts())).toEqual({ status: 'delivered' });
    expect(taken).toHaveLength(1);
    expect(taken[0]).toMatch(/&User-Agent=tiercel%2F\d/);
  });

  it('says why there is no token, and does not call it refused by the broker', async () => {
    const broker = await start({ topics: { falco: 1 }, takesToken: () => true });
    const role = await roleAt(() => undefined);
    const output = make(broker, { sasl: { mechanism: 'AWS_MSK_IAM', aws: role.aws } });
    await expect(output.start?.(neverAborts())).rejects.toThrow(
      /sasl\.aws: .*arn:aws:iam::111122223333:role\/falco/,
    );
    const verdict = await output.deliver(batch([event(0)]), neverAborts()).catch((error: Error) => error);
    expect(verdict).not.toHaveProperty('denied');
    expect(String(verdict)).not.toContain(SECRET);
    const refused = make(await start({ topics: { falco: 1 }, takesToken: () => false }), {
      sasl: { mechanism: 'AWS_MSK_IAM', aws: LONG_TERM },
    });
    await expect(refused.start?.(neverAborts())).rejects.toThrow(/SASL_AUTHENTICATION_FAILED/);
  });
});
