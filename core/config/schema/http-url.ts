import type { Parsed } from './duration.ts';

/**
 * Looks whether a text is an address that can be called over HTTP. What is wrong is said by the part and without the text: the
 * addresses of webhooks are secrets.
 */
export function parseHttpUrl(text: string): Parsed<string> {
  const reason = problemOf(text);
  return reason === undefined ? { ok: true, value: text } : { ok: false, reason };
}

function problemOf(text: string): string | undefined {
  if (/^[“”„‘’«]/.test(text)) return 'is in typographic quotes: write " or \'';
  if (!/^https?:\/\//i.test(text)) return 'does not begin with http:// or https://';
  if (/\s/.test(text)) return 'has white space in it';
  const authority = /^https?:\/\/([^/?#\\]*)/i.exec(text)![1]!;
  const place = authority.slice(authority.lastIndexOf('@') + 1);
  const [, host, port] = /^(\[[^\]]*\]|\[.*|[^:]*)(?::(.*))?$/.exec(place) ?? [];
  if (host === undefined || host === '') return 'has no host';
  if (host.startsWith('[') !== host.endsWith(']')) return 'has a bracket that is not closed';
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    return 'has a port that is not a number from 1 to 65535';
  if (!URL.canParse(`http://${host}`)) return 'has a host that is neither a name nor an IP address';
  return URL.canParse(text) ? undefined : 'is not well-formed';
}
