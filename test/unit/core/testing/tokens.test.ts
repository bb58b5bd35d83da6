import { afterEach, describe, expect, it } from 'vitest';
import { defineOutput, httpOptions, httpUrl, overHttp, Type } from '../../../../core/sdk/index.ts';
import {
  createFakeClock,
  eventOf,
  type HttpDestination,
  startDestination,
  withOutput,
} from '../../../../core/testing/index.ts';
import { brokenTests } from './broken.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const posts = defineOutput({
  apiVersion: 1,
  type: 'posts',
  summary: 'Posts.',
  options: Type.Object({ url: httpUrl({ description: 'Where to.' }), ...httpOptions }),
  examples: [{ title: 'Minimal', options: { url: 'https://posts.example.com' } }],
  batch: { events: 10 },
  create: (_, { http }) => overHttp(http, { url: '', body: ({ records }) => records.join('\n') }),
});

const optionsOf = ({ url, tokenUrl }: Pick<HttpDestination, 'url' | 'tokenUrl'>) => ({
  url,
  auth: { oauth2: { token_url: tokenUrl, client_id: 'tiercel', client_secret: 'a-very-secret-secret' } },
});
const tokensOf = ({ requests }: HttpDestination) =>
  requests.map(({ headers, answer }) => [headers.authorization, typeof answer === 'object' && answer.status]);

describe('the token endpoint of the kit', () => {
  it('lets an output with OAuth2 hold the contract with no server of its own', async () => {
    expect(await brokenTests(posts, { options: optionsOf })).toEqual({});
  });

  it('finds an output that keeps a token that is refused', async () => {
    const name = 'fetches another token when its own is refused before the end';
    const keeps = defineOutput({
      ...posts,
      create: ({ auth }, { fetch }) => {
        let token: string | undefined;
        const { token_url = '', client_id = '', client_secret = '' } = auth?.oauth2 ?? {};
        return {
          async deliver({ records }, signal) {
            const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret });
            const issued = token ?? (await (await fetch(token_url, { method: 'POST', body, signal })).json());
            token = issued as string;
            return { status: records.length > 1 ? 'delivered' : 'retry', reason: 'refused' };
          },
        };
      },
    });
    const broken = await brokenTests(keeps, { options: optionsOf }, name);
    expect(broken[name]).toContain('the token was refused, and it answered {"status":"retry"');
  });

  it('does not count requests for tokens, and refuses a token that was revoked or has expired', async () => {
    const clock = createFakeClock();
    const destination = await startDestination({ tokenLifetime: 60_000, clock });
    closing.push(() => destination.close());
    await withOutput(posts, { options: optionsOf(destination), context: { clock } }, async ({ deliver }) => {
      const send = async () => expect((await deliver([eventOf()])).status).toBe('delivered');
      await send();
      destination.revokeTokens();
      await send();
      await clock.advance(60_000);
      await send();
    });
    expect(tokensOf(destination)).toEqual([
      ['Bearer issued-token-1', 200],
      ['Bearer issued-token-1', 401],
      ['Bearer issued-token-2', 200],
      ['Bearer issued-token-3', 200],
    ]);
    const stale = await fetch(destination.url, { headers: { authorization: 'Bearer issued-token-2' } });
    expect(stale.status).toBe(401);
  });

  it('refuses what asks for no client credentials', async () => {
    const destination = await startDestination();
    closing.push(() => destination.close());
    const ask = async (body: string, headers = {}) =>
      (await fetch(destination.tokenUrl, { method: 'POST', body, headers })).status;
    expect(await ask('grant_type=password')).toBe(400);
    expect(await ask('grant_type=client_credentials')).toBe(401);
    expect(await ask('grant_type=client_credentials', { authorization: 'Basic eDp5' })).toBe(200);
    expect(destination.requests).toEqual([]);
    expect(destination.tokens).toEqual(['issued-token-1']);
  });
});
