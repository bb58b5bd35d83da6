import { describe, expect, it } from 'vitest';
import { AssumeRoleError } from '../../../../../core/sdk/aws/credentials.ts';
import { awsClientConfig, awsFault, fromAwsFault } from '../../../../../core/sdk/aws/index.ts';

const context = { configDir: '.' };
const place = { service: 'SQS', region: 'eu-west-1' };
const ROLE = 'arn:aws:iam::111122223333:role/falco';
const error = (name: string, status?: number, more: object = {}) =>
  Object.assign(new Error('what it said'), {
    name,
    ...(status !== undefined && { $metadata: { httpStatusCode: status } }),
    ...more,
  });

describe('awsFault', () => {
  it.each<[Error, object]>([
    [error('UnrecognizedClientException', 400), { kind: 'denied', line: /access_key_id/ }],
    [error('InvalidSignatureException', 403), { kind: 'denied', line: /secret_access_key/ }],
    [error('ExpiredTokenException', 400), { kind: 'denied', line: /session token has expired/ }],
    [error('CredentialsProviderError'), { kind: 'denied', line: /give the process a role/ }],
    [error('AccessDenied', 403), { kind: 'forbidden', line: /SQS in eu-west-1 answered 403 AccessDenied/ }],
    [error('AccessDeniedException', 400), { kind: 'forbidden', line: /what it said/ }],
    [error('ThrottlingException', 400), { kind: 'busy', line: /busy/ }],
    [
      error('ServiceUnavailable', 503, { $response: { headers: { 'retry-after': '3' } } }),
      { kind: 'busy', line: /503/, after: 3000 },
    ],
    [error('Error', undefined, { code: 'ECONNREFUSED' }), { kind: 'other', line: /refuses connections/ }],
    [error('Error', undefined, { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), { kind: 'other', line: /tls\.ca/ }],
    [error('Unknown', 407), { kind: 'denied', line: /user name and password in the address of proxy/ }],
    [
      error('QueueDoesNotExist', 400),
      { kind: 'other', line: /answered 400 QueueDoesNotExist: what it said/ },
    ],
    [
      new AssumeRoleError(ROLE, undefined, error('AccessDenied', 403)),
      { kind: 'denied', line: /not allowed to assume .*role\/falco: check external_id/ },
    ],
    [
      new AssumeRoleError(ROLE, undefined, error('InvalidClientTokenId', 403)),
      { kind: 'denied', line: /cannot assume .*role\/falco: the access key is not known/ },
    ],
    [
      new AssumeRoleError(ROLE, 'http://sts.test', error('Error', undefined, { code: 'ENOTFOUND' })),
      { kind: 'other', line: /cannot assume .*http:\/\/sts\.test: the name cannot be resolved/ },
    ],
  ])('says what %s means and what to do', (fault, expected) => {
    const { line, ...rest } = expected as { line: RegExp };
    expect(awsFault(fault, place)).toEqual({ ...rest, line: expect.stringMatching(line) });
  });

  it('is a retry that opens the breaker where the credentials are refused, and waits as long as it was asked to', () => {
    expect(fromAwsFault({ kind: 'forbidden', line: 'no' })).toEqual({
      status: 'retry',
      reason: 'no',
      denied: true,
    });
    expect(fromAwsFault({ kind: 'busy', line: 'busy', after: 5 })).toEqual({
      status: 'retry',
      reason: 'busy',
      after: 5,
    });
  });
});

describe('awsClientConfig', () => {
  it('refuses half a key, and leaves attempts to the delivery chain', () => {
    const region = 'eu-west-1';
    expect(() => awsClientConfig({ region, access_key_id: 'AKIA' }, context)).toThrow(/both or neither/);
    expect(
      awsClientConfig({ region, profile: 'prod', endpoint: 'http://localhost:4566' }, context),
    ).toMatchObject({
      profile: 'prod',
      maxAttempts: 1,
      endpoint: 'http://localhost:4566',
    });
    const {
      requestHandler,
      logger,
      credentialDefaultProvider: _,
      ...config
    } = awsClientConfig({ region }, context);
    expect(config).toEqual({ region, maxAttempts: 1 });
    expect(requestHandler.metadata).toEqual({ handlerProtocol: 'http/1.1' });
    // Nothing of the SDK goes to the console.
    expect(Object.keys(logger)).toEqual(['trace', 'debug', 'info', 'warn', 'error']);
  });

  it('serves clients that speak HTTP/2 by themselves, as Kinesis does', async () => {
    const { NodeHttp2Handler } = await import('@smithy/node-http-handler');
    const { requestHandler } = awsClientConfig({ region: 'eu-west-1' }, context);
    // What such a client does with its configuration.
    expect(NodeHttp2Handler.create(requestHandler as never)).toBe(requestHandler);
  });
});
