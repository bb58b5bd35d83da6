import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../../../../../core/sdk/http/transport/response.ts';
import { fromResponse } from '../../../../../../core/sdk/index.ts';
import { startDestination } from '../../../../../../core/testing/index.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const answer = (status: number, headers: Record<string, string> = {}, body = '') =>
  fromResponse(new Response(status === 204 ? null : body, { status, headers }), NOW);

describe('fromResponse', () => {
  it.each([200, 201, 202, 204])('takes %i for delivered', async (status) => {
    expect(await answer(status)).toEqual({ status: 'delivered' });
  });

  it.each([400, 413, 415, 422])('takes %i for the fault of the content', async (status) => {
    expect(await answer(status, {}, 'bad\n  field')).toEqual({
      status: 'rejected',
      reason: `answered ${status}: bad field`,
    });
  });

  it.each([401, 403, 407])('takes %i for refused credentials', async (status) => {
    expect(await answer(status)).toMatchObject({ status: 'retry', denied: true });
  });

  it.each([301, 302, 404, 405, 408, 409, 410, 425, 429, 500, 502, 503, 504])(
    'keeps the events at %i',
    async (status) => {
      const delivery = await answer(status);
      expect(delivery.status).toBe('retry');
      expect(delivery).not.toHaveProperty('denied');
    },
  );

  it('keeps the events when a fetch followed a redirect: the page it came to has not got them', async () => {
    const server = await startDestination();
    server.answer(({ path }) =>
      path === '/in' ? { status: 302, headers: { location: '/login' } } : { status: 200, body: 'log in' },
    );
    const response = await fetch(`${server.url}/in`, { method: 'POST', body: 'an event' });
    expect(await fromResponse(response)).toMatchObject({
      status: 'retry',
      reason: expect.stringMatching(/redirect/),
    });
    await server.close();
  });

  it('honours Retry-After', async () => {
    expect(await answer(429, { 'retry-after': '7' })).toMatchObject({ status: 'retry', after: 7_000 });
    expect(await answer(503, { 'retry-after': new Date(NOW + 90_000).toUTCString() })).toMatchObject({
      after: 90_000,
    });
  });

  it('quotes the start of a long body only', async () => {
    const delivery = await answer(400, {}, 'x'.repeat(1_000_000));
    expect(delivery).toMatchObject({ reason: expect.stringMatching(/^answered 400: x{300}…$/) });
  });
});

describe('parseRetryAfter', () => {
  it('knows nothing, seconds, dates, the past and nonsense', () => {
    expect(parseRetryAfter(null, NOW)).toBeUndefined();
    expect(parseRetryAfter(' 0 ', NOW)).toBe(0);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', NOW)).toBe(0);
    expect(parseRetryAfter('soon', NOW)).toBeUndefined();
    expect(parseRetryAfter('999999999', NOW)).toBe(3_600_000);
  });
});
