import { describe, expect, it } from 'vitest';
import { redactor, secretsOfUrl } from '../../../../../../core/sdk/http/transport/redact.ts';

describe('redactor', () => {
  it.each([[['hunter22', 'hunter22-and-more']], [['hunter22-and-more', 'hunter22']]])(
    'removes the longest secret first: %j',
    (secrets) => {
      expect(redactor(secrets)('401 for hunter22-and-more, not hunter22')).toBe('401 for ***, not ***');
    },
  );

  it('removes every occurrence, plain and percent-encoded', () => {
    const redact = redactor(['p@ss/word', undefined]);
    expect(redact('p@ss/word p%40ss%2Fword p@ss/word')).toBe('*** *** ***');
  });

  it('leaves what is shorter than five characters', () => {
    expect(redactor(['abcd', ''])('abcd')).toBe('abcd');
    expect(redactor(['abcde'])('abcde')).toBe('***');
  });

  it('judges each form of a secret by its own length', () => {
    // Two characters, six when encoded.
    expect(redactor(['//'])('// %2F%2F')).toBe('// ***');
  });
});

describe('secretsOfUrl', () => {
  const secrets = (url: string) => secretsOfUrl(new URL(url));

  it('names the whole address, its path, query and credentials', () => {
    const all = secrets('https://ann:hunter22@h.example/services/T0123456789A?token=t-1&b=2');
    expect(all).toEqual(
      expect.arrayContaining([
        'https://ann:hunter22@h.example/services/T0123456789A?token=t-1&b=2',
        '/services/T0123456789A',
        'services/T0123456789A',
        'T0123456789A',
        '?token=t-1&b=2',
        'hunter22',
        't-1',
        '2',
      ]),
    );
  });

  it('takes a part of a path for a token from twelve characters on', () => {
    expect(secrets('https://h.example/a/123456789012')).toContain('123456789012');
    expect(secrets('https://h.example/a/12345678901')).not.toContain('12345678901');
  });

  it('does not take the root for a path', () => {
    const all = secrets('https://h.example/');
    expect(all).not.toContain('/');
    expect(all.filter((secret) => secret !== '' && secret !== 'https://h.example/')).toEqual([]);
    expect(secrets('https://h.example/a/b')).toEqual(expect.arrayContaining(['/a/b', 'a/b']));
  });

  it.each(['/token', '/oauth', '/oauth2', '/webhook/'])('takes %j for a word', (path) => {
    const all = secrets(`https://h.example${path}`).filter((secret) => secret !== '');
    expect(all).toEqual([`https://h.example${path}`]);
  });

  it.each(['/a1b2c3', '/verysecretword'])('does not take %j for a word', (path) => {
    expect(secrets(`https://h.example${path}`)).toContain(path.slice(1));
  });
});
