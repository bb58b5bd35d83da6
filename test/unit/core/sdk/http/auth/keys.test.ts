import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpClient } from '../../../../../../core/sdk/http/client.ts';
import type { HttpOptions } from '../../../../../../core/sdk/http/options.ts';
import { createFakeClock } from '../../../../../support/fake-clock.ts';
import { misbehaving, neverAborts } from '../../../../outputs/support.ts';

/** A destination that repeats what it got, and a client. */
async function setUp(options: HttpOptions, configDir = '/') {
  const clock = createFakeClock();
  const server = await misbehaving(({ headers }, response, count) => {
    response.writeHead(count % 2 === 1 ? 401 : 200);
    response.end(JSON.stringify(headers));
  });
  const http = httpClient({ url: server.url, ...options }, { configDir, clock });
  onTestFinished(async () => {
    http.close();
    await server.stop();
  });
  return { clock, server, http, post: () => http.post('', '', neverAborts()) };
}

describe('auth.basic, auth.bearer.token and auth.header', () => {
  it.each([
    [{ basic: { username: 'ann', password: 'open:sesame' } }, 'authorization', 'Basic YW5uOm9wZW46c2VzYW1l'],
    [{ bearer: { token: 'a-token-1234' } }, 'authorization', 'Bearer a-token-1234'],
    [{ header: { name: 'X-Api-Key', value: 'a-key-1234' } }, 'x-api-key', 'a-key-1234'],
    [{ header: { name: 'Authorization', value: 'ApiKey a-key-1234' } }, 'authorization', 'ApiKey a-key-1234'],
  ])('sends %j, shows it nowhere, and does not try a 401 again', async (auth, name, value) => {
    const { server, post } = await setUp({ auth });
    const delivery = await post();
    expect(server.received[0]?.headers[name]).toBe(value);
    expect(delivery).toMatchObject({ status: 'retry', denied: true });
    expect(server.received).toHaveLength(1);
    for (const secret of [value, value.replace(/^\S+ /, ''), 'sesame'])
      expect(JSON.stringify(delivery)).not.toContain(secret);
  });

  it('wins over user name and password of the address', async () => {
    const { server, http } = await setUp({ auth: { bearer: { token: 'a-token-1234' } } });
    await http.post(server.url.replace('http://', 'http://ann:sesame@'), '', neverAborts());
    expect(server.received[0]?.headers.authorization).toBe('Bearer a-token-1234');
  });
});

describe('auth.bearer.token_file', () => {
  it('reads the file again after a minute, and after a 401', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tiercel-token-'));
    const write = (text: string) => writeFileSync(join(folder, 'token'), text);
    write('first-token\n');
    const { clock, server, post } = await setUp({ auth: { bearer: { token_file: 'token' } } }, folder);
    const sent = () => server.received.map(({ headers }) => headers.authorization);
    expect(await post()).toEqual({ status: 'delivered' });
    expect(sent()).toEqual(['Bearer first-token', 'Bearer first-token']);
    write('second-token');
    await clock.advance(60_000);
    await post();
    expect(sent().slice(2)).toEqual(['Bearer second-token', 'Bearer second-token']);
    write('third-token');
    await post();
    expect(sent().slice(4)).toEqual(['Bearer second-token', 'Bearer third-token']);
  });

  it.each([
    [undefined, 'ENOENT'],
    ['\n', 'is empty'],
    ['two tokens', 'contains more than a token'],
  ])('is denied when the file holds %j', async (text, words) => {
    const folder = mkdtempSync(join(tmpdir(), 'tiercel-token-'));
    if (text !== undefined) writeFileSync(join(folder, 'token'), text);
    const { server, post } = await setUp({ auth: { bearer: { token_file: 'token' } } }, folder);
    const delivery = await post();
    expect(delivery).toMatchObject({ status: 'retry', denied: true, reason: expect.stringContaining(words) });
    expect(JSON.stringify(delivery)).not.toContain('two tokens');
    expect(server.received).toEqual([]);
  });
});
