import { describe, expect, it, onTestFinished } from 'vitest';
import { httpClient } from '../../../../../core/sdk/http/client.ts';
import {
  type Delivery,
  delivered,
  type HttpExchange,
  overHttp,
  retry,
} from '../../../../../core/sdk/index.ts';
import { examine } from '../../../../../core/testing/examine.ts';
import { batchOf, misbehaving, neverAborts } from '../../../outputs/support.ts';

/** An output over a server that answers one status to deliveries and one to everything else. */
async function setUp(
  exchange: Partial<HttpExchange<string>> = {},
  answers: { readonly post?: number; readonly other?: number; readonly body?: string } = {},
) {
  const { post = 200, other = 200, body = 'the-secret-token says: no' } = answers;
  const server = await misbehaving(({ method }, response) => {
    response.writeHead(method === 'POST' || method === 'PUT' ? post : other);
    response.end(method === 'HEAD' ? undefined : body);
  });
  const url = `${server.url}/base/`;
  const auth = { bearer: { token: 'the-secret-token' } };
  const http = httpClient({ url, auth }, { configDir: '/' });
  onTestFinished(async () => {
    http.close();
    await server.stop();
  });
  const output = overHttp<string>(http, { body: ({ records }) => records.join('+'), ...exchange });
  return { server, output, deliver: () => output.deliver(batchOf(['a', 'b']), neverAborts()) };
}

describe('overHttp', () => {
  it('sends a batch as one request, and shows it', async () => {
    const { server, output, deliver } = await setUp({
      url: '/in?x=1',
      headers: ({ id }) => ({ 'idempotency-key': id }),
    });
    expect(await deliver()).toEqual({ status: 'delivered' });
    expect(server.received).toMatchObject([
      { method: 'POST', path: '/base/in?x=1', body: 'a+b', headers: { 'idempotency-key': 'batch-1' } },
    ]);
    expect(output.preview?.(batchOf(['a', 'b']))).toBe('a+b');
  });

  it('may choose method, address and headers, and send bytes', async () => {
    const { server, output, deliver } = await setUp({
      method: 'PUT',
      url: ({ id }) => `/${id}`,
      headers: { 'content-type': 'text/plain' },
      body: ({ records }) => Buffer.from(records.join()),
    });
    expect(await deliver()).toEqual({ status: 'delivered' });
    expect(server.received).toMatchObject([
      { method: 'PUT', path: '/base/batch-1', body: 'a,b', headers: { 'content-type': 'text/plain' } },
    ]);
    expect(output.preview?.(batchOf(['a']))).toEqual(Buffer.from('a'));
  });

  it.each([
    [400, /says: no/, 'retry'],
    [422, /says: no/, 'retry'],
    [400, /says: yes/, 'rejected'],
    [200, /says: no/, 'delivered'],
    [302, /says: no/, 'retry'],
    [503, /says: no/, 'retry'],
  ] as const)('retries a %i whose body matches %s: %s', async (post, retryWhen, status) => {
    const { deliver } = await setUp({ retryWhen }, { post });
    const delivery = await deliver();
    expect(delivery.status).toBe(status);
    expect(JSON.stringify(delivery)).not.toContain('the-secret-token');
  });

  it('finds what it looks for in all of the body, and loses nothing of what the status says', async () => {
    const body = `${'x'.repeat(100_000)} PRECONDITION`;
    const precondition = await setUp({ retryWhen: /PRECONDITION/ }, { post: 400, body });
    expect(await precondition.deliver()).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('400'),
    });
    const denied = await setUp({ retryWhen: /PRECONDITION/ }, { post: 401, body });
    expect(await denied.deliver()).toMatchObject({ status: 'retry', denied: true });
  });

  it('checks by a request with a body, whose answer may say what is wrong', async () => {
    const check = {
      url: '/check',
      method: 'PUT',
      headers: { 'x-tenant': 't' },
      body: '{}',
      problem: async (response: Response) =>
        (await response.text()).includes('no') ? 'it says no: the-secret-token' : undefined,
    };
    const { server, output } = await setUp({ check });
    const { failed = [] } = (await examine(output, neverAborts())) ?? {};
    expect(failed).toEqual([expect.stringMatching(/ it says no: \*+$/)]);
    expect(server.received).toMatchObject([
      { method: 'PUT', path: '/base/check', body: '{}', headers: { 'x-tenant': 't' } },
    ]);
    const ready = await setUp({ check }, { body: 'yes' });
    expect(await examine(ready.output, neverAborts())).toMatchObject({ problems: [] });
    const refused = await setUp({ check }, { post: 403 });
    expect(await examine(refused.output, neverAborts())).toMatchObject({
      failed: [],
      problems: [expect.stringContaining('403')],
    });
    const unreadable = await setUp({
      check: { ...check, problem: async (response) => JSON.stringify(await response.json()) },
    });
    expect(await examine(unreadable.output, neverAborts())).toMatchObject({
      failed: [expect.stringContaining('not valid JSON')],
    });
  });

  it('reads the answer of a success alone, and redacts what is made of it', async () => {
    const seen: string[] = [];
    const accepted: HttpExchange<string>['accepted'] = async (response, { count }) => {
      seen.push(await response.text());
      return retry(`of ${count}: ${seen[0]}`, { rejected: [{ index: 0, reason: seen[0]! }] });
    };
    const { server, deliver } = await setUp({ accepted });
    expect(await deliver()).toEqual({
      status: 'retry',
      reason: `${new URL(server.url).host} of 2: *** says: no`,
      rejected: [{ index: 0, reason: '*** says: no' }],
    });
    const refused = await setUp({ accepted: () => delivered() }, { post: 503 });
    expect(await refused.deliver()).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('503'),
    });
  });

  it('retries when the answer cannot be read, and keeps the connection of one that is not read', async () => {
    const { deliver } = await setUp({ accepted: async (response) => (await response.json()) as Delivery });
    expect(await deliver()).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/the answer cannot be read: .*not valid JSON/),
    });
    const unread = await setUp({ accepted: () => delivered() }, { body: 'x'.repeat(1_000_000) });
    for (let i = 0; i < 100; i++) expect((await unread.deliver()).status).toBe('delivered');
  });

  it.each([
    [200, 'ok'],
    [405, 'ok'],
    [400, 'ok'],
    [404, 'ok'],
    [302, 'warning'],
    [401, 'failed'],
    [403, 'failed'],
    [407, 'failed'],
    [503, 'failed'],
  ])('asks by HEAD whether the destination is there: %i is %s', async (other, status) => {
    const { server, output } = await setUp({ url: '/in' }, { other });
    const findings = [];
    for await (const finding of output.diagnose!({} as never, neverAborts())) findings.push(finding);
    expect(findings).toMatchObject([
      { status: 'ok', what: 'connection' },
      { status, what: 'request' },
    ]);
    expect(server.received).toMatchObject([{ method: 'HEAD', path: '/base/in', body: '' }]);
  });

  it.each([
    [200, 'ok'],
    [404, 'failed'],
    [400, 'failed'],
  ])('asks as the output says: %i is %s', async (other, status) => {
    const { server, output } = await setUp({ check: { url: '/ready' } }, { other });
    const findings = [];
    for await (const finding of output.diagnose!({} as never, neverAborts())) findings.push(finding);
    expect(findings).toMatchObject([
      { status: 'ok', what: 'connection' },
      { status, what: 'request' },
    ]);
    expect(JSON.stringify(findings)).not.toContain('the-secret-token');
    expect(server.received).toMatchObject([{ method: 'GET', path: '/base/ready' }]);
  });

  it('says that the destination is not there', async () => {
    const { server, output } = await setUp();
    await server.stop();
    const findings = [];
    for await (const finding of output.diagnose!({} as never, neverAborts())) findings.push(finding);
    expect(findings).toMatchObject([{ status: 'failed', line: expect.stringContaining('ECONNREFUSED') }]);
  });
});

describe('the addresses of a client', () => {
  it('joins a path to the option, and refuses one without it', async () => {
    const http = httpClient({}, { configDir: '/' });
    expect(await http.post('/in', '', neverAborts())).toMatchObject({
      status: 'retry',
      reason: expect.stringContaining('no option "url"'),
    });
    expect(await http.post('nonsense', '', neverAborts())).toMatchObject({ status: 'retry' });
    http.close();
  });

  it.each<[string, Partial<HttpExchange<string>>]>([
    ['a HEAD', {}],
    ['a request of its own', { check: { url: '/ready', headers: { 'x-more': 'b' } } }],
  ])('checks by %s with the headers that are an object', async (_, exchange) => {
    const { server, output } = await setUp({ headers: { 'X-Version': '2' }, ...exchange });
    expect((await examine(output, neverAborts()))?.failed).toEqual([]);
    expect(server.received).toMatchObject([{ headers: { 'x-version': '2' } }]);
  });

  it('lets the headers of its check replace them, whatever the case of a name', async () => {
    const check = { url: '/ready', headers: { 'x-version': '3' } };
    const { server, output } = await setUp({ headers: { 'X-Version': '2' }, check });
    await examine(output, neverAborts());
    expect(server.received).toMatchObject([{ headers: { 'x-version': '3' } }]);
  });

  it('checks without the headers that depend on a batch', async () => {
    const { server, output } = await setUp({ headers: ({ id }) => ({ 'idempotency-key': id }) });
    expect((await examine(output, neverAborts()))?.failed).toEqual([]);
    expect(server.received[0]?.headers).not.toHaveProperty('idempotency-key');
  });
});
