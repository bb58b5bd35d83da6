import type { HttpBindings } from '@hono/node-server';
import { describe, expect, it } from 'vitest';
import { createGuard } from '../../../../core/http/guard.ts';
import { Problem } from '../../../../core/http/problem.ts';

const tcp = createGuard({ hosts: ['tiercel.falco.svc', 'admin.example'] });
const socket = createGuard({});

/** The status and hint of the refusal, or 200. */
function ask(
  guard: ReturnType<typeof createGuard>,
  headers: Record<string, string>,
  method = 'GET',
  localAddress = '10.1.2.3',
): { readonly status: number; readonly text: string } {
  const env = { incoming: { socket: { localAddress } } } as Partial<HttpBindings>;
  try {
    guard(method, new Headers(headers), env);
    return { status: 200, text: '' };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { status: error.status, text: `${error.details.reason}; ${error.details.hint}` };
  }
}

describe('the Host of a request at a TCP address', () => {
  it.each([
    'localhost:2802',
    'LOCALHOST',
    '127.0.0.1:2802',
    '127.8.8.8',
    '[::1]:2802',
    '[0:0:0:0:0:0:0:1]',
    'tiercel.falco.svc:2802',
    'Admin.Example',
    // The address that the client has connected to: a name that was made to point here is none.
    '10.1.2.3:2802',
  ])('%s is known', (host) => {
    expect(ask(tcp, { host })).toEqual({ status: 200, text: '' });
  });

  it.each([
    '',
    'evil.example:2802',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.evil.example',
    'evil.example#localhost',
    'localhost:2802@evil.example',
    'user@localhost',
    'localhost:2802:80',
    '10.1.2.4:2802',
    '[::2]:2802',
    '[::1',
  ])('%j is refused, and the hint names the setting', (host) => {
    const { status, text } = ask(tcp, { host });
    expect([host, status]).toEqual([host, 403]);
    expect(text).toContain('server.admin_hosts');
  });

  it('is refused where it is missing', () => {
    expect(ask(tcp, {}).status).toBe(403);
  });

  it.each(['http://evil.example/tap', 'http://localhost/tap', '*'])('is not put in the target: %s', (url) => {
    const env = { incoming: { url, socket: {} } } as Partial<HttpBindings>;
    expect(() => tcp('GET', new Headers({ host: 'localhost' }), env)).toThrow('target');
  });

  it('is no address that means all', () => {
    const all = createGuard({ hosts: ['0.0.0.0', '::'] });
    for (const host of ['0.0.0.0:2802', '[::]:2802']) expect(ask(all, { host }).status).toBe(403);
    expect(ask(all, { host: '10.1.2.3:2802' }).status).toBe(200);
  });

  it('is compared with an IPv6 or IPv4-mapped address of the connection', () => {
    expect(ask(tcp, { host: '[fd00::7]:2802' }, 'GET', 'fd00::7').status).toBe(200);
    expect(ask(tcp, { host: '10.1.2.3:2802' }, 'GET', '::ffff:10.1.2.3').status).toBe(200);
  });
});

it('a Unix socket has no Host to be checked', () => {
  for (const host of ['evil.example', 'anything:1']) expect(ask(socket, { host }).status).toBe(200);
  expect(ask(socket, {}).status).toBe(200);
});

describe('a request of a web page', () => {
  const host = 'localhost:2802';

  it.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
    [{ origin: '' }],
    // Another program of this machine serves that page.
    [{ origin: 'http://localhost:3000' }],
    [{ origin: 'http://localhost' }],
    [{ origin: 'http://localhost:2802.evil.example' }],
    // No Origin is sent with an image, a script or a form that is fetched by GET.
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'anything' }],
    [{ origin: 'http://localhost:2802', 'sec-fetch-site': 'cross-site' }],
  ])('of another origin is refused: %j', (headers) => {
    expect(ask(tcp, { host, ...headers } as Record<string, string>).status).toBe(403);
    expect(ask(socket, { host, ...headers } as Record<string, string>, 'GET').status).toBe(403);
  });

  it('of the origin of the listener passes', () => {
    const own = { host, origin: 'http://localhost:2802', 'sec-fetch-site': 'same-origin' };
    expect(ask(tcp, own).status).toBe(200);
    expect(ask(tcp, { host, 'sec-fetch-site': 'none' }).status).toBe(200);
    expect(ask(tcp, { host: 'admin.example', origin: 'https://admin.example' }).status).toBe(200);
    // A socket has no origin.
    expect(ask(socket, own).status).toBe(403);
  });
});

describe('a change', () => {
  it.each(['POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'])('by %s needs the header', (method) => {
    for (const guard of [tcp, socket]) {
      const without = ask(guard, { host: 'localhost' }, method);
      expect(without.status).toBe(403);
      expect(without.text).toContain('x-tiercel-request: 1');
      expect(ask(guard, { host: 'localhost', 'x-tiercel-request': '1' }, method).status).toBe(200);
    }
  });

  it.each(['GET', 'HEAD'])('is none by %s', (method) => {
    expect(ask(tcp, { host: 'localhost' }, method).status).toBe(200);
  });

  it('with the header does not excuse an unknown Host or a foreign page', () => {
    const header = { 'x-tiercel-request': '1' };
    expect(ask(tcp, { ...header, host: 'evil.example' }, 'DELETE').status).toBe(403);
    expect(ask(tcp, { ...header, host: 'localhost', origin: 'https://evil.example' }, 'DELETE').status).toBe(
      403,
    );
  });
});
