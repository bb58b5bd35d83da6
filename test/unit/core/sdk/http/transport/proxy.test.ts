import { describe, expect, it } from 'vitest';
import { proxyChoice } from '../../../../../../core/sdk/http/transport/proxy.ts';

const choose = (url: string, environment: Record<string, string>, option?: string) =>
  proxyChoice(option, environment)(new URL(url))?.href;
const PROXY = 'http://proxy.example.com:3128/';

describe('proxyChoice', () => {
  it('takes the option for every address, whatever the environment says', () => {
    const environment = { HTTPS_PROXY: 'http://other:1', NO_PROXY: '*' };
    expect(choose('https://hooks.example.com', environment, PROXY)).toBe(PROXY);
    expect(choose('http://127.0.0.1:9', environment, PROXY)).toBe(PROXY);
  });

  it('reads the environment by the scheme, small letters first', () => {
    const environment = { HTTPS_PROXY: PROXY, http_proxy: 'plain:8080', HTTP_PROXY: 'http://not-this:1' };
    expect(choose('https://hooks.example.com', environment)).toBe(PROXY);
    expect(choose('http://hooks.example.com', environment)).toBe('http://plain:8080/');
    expect(choose('http://hooks.example.com', { HTTPS_PROXY: PROXY })).toBeUndefined();
    expect(choose('https://hooks.example.com', { HTTPS_PROXY: '' })).toBeUndefined();
  });

  it('reaches link-local addresses, as those of metadata services, through no proxy at all', () => {
    const metadata = 'http://169.254.169.254/metadata';
    expect(choose(metadata, { HTTP_PROXY: PROXY })).toBeUndefined();
    expect(choose(metadata, {}, PROXY)).toBeUndefined();
    expect(choose('http://169.254.example.com', {}, PROXY)).toBe(PROXY);
  });

  it('never sends through it what is for this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
      expect(choose(`https://${host}:9200`, { HTTPS_PROXY: PROXY })).toBeUndefined();
  });

  it.each<[noProxy: string, url: string, isDirect: boolean]>([
    ['*', 'https://a.example.com', true],
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://a.example.com', true],
    ['example.com', 'https://notexample.com', false],
    ['.example.com', 'https://a.example.com', true],
    ['.example.com', 'https://example.com', false],
    ['EXAMPLE.com', 'https://example.com', true],
    ['one, example.com', 'https://example.com', true],
    ['example.com:8443', 'https://example.com:8443', true],
    ['example.com:443', 'https://example.com', true],
    ['example.com:8443', 'https://example.com', false],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.1.2.3', 'https://10.1.2.3', true],
    ['fd00::/8', 'https://[fd00::1]', true],
    ['fd00::1', 'https://[fd00::1]:9200', true],
    ['[fd00::1]:9200', 'https://[fd00::1]:9200', true],
    ['[fd00::1]:9201', 'https://[fd00::1]:9200', false],
    ['.svc,.cluster.local', 'https://elasticsearch.logging.svc:9200', true],
  ])('NO_PROXY=%s sends %s directly: %s', (noProxy, url, isDirect) => {
    const chosen = choose(url, { HTTPS_PROXY: PROXY, NO_PROXY: noProxy });
    expect(chosen).toBe(isDirect ? undefined : PROXY);
  });

  it('names the variable that is wrong and not what is in it', () => {
    for (const wrong of ['socks5://ann:sesame@proxy:1080', 'https://ann:sesame@proxy', 'http://:sesame'])
      expect(() => proxyChoice(undefined, { HTTPS_PROXY: wrong })).toThrow(
        /^the environment variable HTTPS_PROXY is not the address of an HTTP proxy \(http:\/\/host:port\)$/,
      );
  });
});
