import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** What a handler may answer instead of the fake's own answer. */
export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** An S3 error document. */
export function s3Error(
  status: number,
  code: string,
  more = '',
  headers: Record<string, string> = {},
): Answer {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}.</Message>${more}</Error>`;
  return { status, body, headers: { 'content-type': 'application/xml', ...headers } };
}

/** As much of S3 (and STS, on POST) as the store speaks, kept in memory; `answer` steps in front of it. */
export async function fakeS3(
  answer: (seen: Seen, count: number) => Answer | 'reset' | 'hang' | undefined = () => undefined,
) {
  const objects = new Map<string, Buffer>();
  const requests: Seen[] = [];

  const own = ({ method, url, headers, body }: Seen): Answer => {
    if (method === 'GET') return { status: 200, body: '<ListBucketResult></ListBucketResult>' };
    const key = url.split('?')[0]!;
    if (headers['if-none-match'] === '*' && objects.has(key)) return s3Error(412, 'PreconditionFailed');
    const hash = createHash('sha256').update(body);
    if (headers['x-amz-content-sha256'] !== hash.copy().digest('hex'))
      return s3Error(400, 'XAmzContentSHA256Mismatch');
    if (headers['x-amz-checksum-sha256'] !== hash.digest('base64')) return s3Error(400, 'BadDigest');
    objects.set(key, body);
    return { status: 200, headers: { etag: '"x"' } };
  };

  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      return;
    }
    const seen: Seen = {
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      body: Buffer.concat(parts),
    };
    requests.push(seen);
    const decided = answer(seen, requests.length) ?? own(seen);
    if (decided === 'hang') return;
    if (decided === 'reset') {
      request.socket.destroy();
      return;
    }
    response.writeHead(decided.status, decided.headers).end(decided.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, objects, requests };
}

/** STS's answer to AssumeRole. */
export function session(key: string, expiresIn: number): Answer {
  const expiration = new Date(Date.now() + expiresIn).toISOString();
  const body = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
    <AccessKeyId>${key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token-${key}</SessionToken>
    <Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  return { status: 200, body, headers: { 'content-type': 'text/xml' } };
}

/** STS's refusal. */
export function stsError(status: number, code: string): Answer {
  const body = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}.</Message></Error></ErrorResponse>`;
  return { status, body, headers: { 'content-type': 'text/xml' } };
}
