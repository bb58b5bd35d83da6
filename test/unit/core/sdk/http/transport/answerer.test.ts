import { expect, it } from 'vitest';
import { nameAnswerer } from '../../../../../../core/sdk/http/transport/answerer.ts';

const proxy = new URL('http://ann:sesame@10.0.0.1:3128');
const squid: Readonly<Record<string, string>> = { 'x-squid-error': 'ERR_DNS_FAIL 0' };

it.each([
  ['http://a.example/in', undefined, 405, {}, 'a.example answered'],
  ['http://a.example/in', undefined, 407, {}, 'a.example answered'],
  ['http://a.example/in', proxy, 200, {}, 'a.example answered'],
  ['http://a.example/in', proxy, 407, {}, 'a.example: proxy 10.0.0.1:3128 answered'],
  ['http://a.example/in', proxy, 503, squid, 'a.example: proxy 10.0.0.1:3128 answered'],
  [
    'http://a.example/in',
    proxy,
    405,
    {},
    'a.example answered; through the proxy 10.0.0.1:3128, which may have answered itself',
  ],
  // Only the server can answer through a tunnel.
  ['https://a.example/in', proxy, 405, {}, 'a.example answered'],
  ['https://a.example/in', proxy, 407, squid, 'a.example answered'],
] as const)('of %s by %s, %i %j: %s', (address, by, status, headers, sentence) => {
  const header = (name: string) => (headers as Readonly<Record<string, string>>)[name];
  expect(nameAnswerer('answered', { url: new URL(address), proxy: by }, { status, header })).toBe(sentence);
});
