import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinUrl } from '../../../../../../core/sdk/http/transport/join-url.ts';

describe('joinUrl', () => {
  it.each([
    ['https://example.com', '/in', 'https://example.com/in'],
    ['https://example.com/', '/in', 'https://example.com/in'],
    ['https://example.com/api//', '/in/', 'https://example.com/api/in/'],
    ['https://example.com/api?key=1', '/in', 'https://example.com/api/in?key=1'],
    ['https://example.com/api?key=1', '/in?a=%2F&b', 'https://example.com/api/in?key=1&a=%2F&b'],
    ['https://example.com/api?key=1#part', '', 'https://example.com/api?key=1#part'],
    ['https://ann:pass@example.com:8443/a%20b', '/c%2Fd', 'https://ann:pass@example.com:8443/a%20b/c%2Fd'],
  ])('%s and %s is %s', (base, path, joined) => expect(joinUrl(base, path).href).toBe(joined));

  it('keeps host and credentials, whatever the path', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), fc.string(), (base, text) => {
        const [before, after] = [new URL(base), joinUrl(base, `/${text}`)];
        expect(after.origin).toBe(before.origin);
        expect(after.search.startsWith(before.search)).toBe(true);
      }),
    );
  });
});
