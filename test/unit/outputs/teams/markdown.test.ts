import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain } from '../../../../outputs/teams/markdown.ts';

describe('plain', () => {
  it.each([
    ['**bold** and `code`', '\\*\\*bold\\*\\* and \\`code\\`'],
    ['[click](https://evil.example)', '\\[click\\](https://evil.example)'],
    ['_it_ and mitre_persistence', '\\_it\\_ and mitre_persistence'],
    ['C:\\*', 'C:\\\\\\*'],
    ['<at>everyone</at> &lt;', '&lt;at>everyone&lt;/at> &amp;lt;'],
    ['{{DATE(2026-01-02T03:04:05Z, SHORT)}}', '{ {DATE(2026-01-02T03:04:05Z, SHORT)}}'],
    ['- a\n  + b\n# c\n> d', '\\- a\n  \\+ b\n\\# c\n\\> d'],
    ['1. a\n2) b', '1\\. a\n2\\) b'],
    ['16:31:56.746: Error (user=root file=/bin/hack)', '16:31:56.746: Error (user=root file=/bin/hack)'],
    ['a-b 1.5 x > y', 'a-b 1.5 x > y'],
  ])('writes %j as %j', (text, expected) => {
    expect(plain(text)).toBe(expected);
  });

  it('leaves no mark unescaped, and gives the text back when it is read', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'\\`*_[]<&ax1. -\n') }), (text) => {
        const escaped = plain(text);
        expect(escaped.replace(/\\./g, '')).not.toMatch(/[`*[\]<]/);
        const read = escaped
          .replace(/\\([\\`*[\]_\-+>#.)])/g, '$1')
          .replaceAll('&lt;', '<')
          .replaceAll('&amp;', '&');
        expect(read).toBe(text);
      }),
    );
  });
});
