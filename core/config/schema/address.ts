import { isIP } from 'node:net';
import type { Parsed } from './duration.ts';

/** Whether a host, without brackets, is this machine whatever the network: a loopback address or `localhost`. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  const address = host.toLowerCase().replace(/^::ffff:/, '');
  return isIP(address) === 4 && address.startsWith('127.');
}

/** The host and the port of an address of the configuration: `0.0.0.0:2801`, `[::]:2801` or `:2801`. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host: host || '0.0.0.0', port: Number(address.slice(colon + 1)) };
}

/** Parses an address to listen at. */
export function parseListenAddress(text: string): Parsed<string> {
  const port = /^(?:\[[0-9a-fA-F:.]+\]|[^:\s[\]]*):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) <= 65_535
    ? { ok: true, value: text }
    : { ok: false, reason: 'is not an address such as 0.0.0.0:2801, [::]:2801 or :2801' };
}

/** Parses the host of a server, without its port: a name, an IPv4 address, or an IPv6 address without brackets. */
export function parseHost(text: string): Parsed<string> {
  const reason = hostProblem(text);
  return reason === undefined ? { ok: true, value: text } : { ok: false, reason };
}

function hostProblem(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (isIP(text) !== 0) return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'is a URL: write only the host';
  if (/^\[.*\]$/.test(text)) return 'is in brackets: write the IPv6 address without brackets';
  if (/^[^:]+:\d+$|\]:\d+$/.test(text)) return 'contains a port: set "port" instead';
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(text) ? undefined : 'is neither a name nor an IP address';
}

/** Parses the URL of a destination. The reason names the wrong part and never quotes it: URLs of webhooks are secrets. */
export function parseHttpUrl(text: string): Parsed<string> {
  const reason = urlProblem(text);
  return reason === undefined ? { ok: true, value: text } : { ok: false, reason };
}

function urlProblem(text: string): string | undefined {
  if (/^[“”„‘’«]/.test(text)) return 'is in typographic quotes: use " or \'';
  if (!/^https?:\/\//i.test(text)) return 'does not begin with http:// or https://';
  if (/\s/.test(text)) return 'contains white space';
  const authority = /^https?:\/\/([^/?#\\]*)/i.exec(text)![1]!;
  const place = authority.slice(authority.lastIndexOf('@') + 1);
  const [, host, port] = /^(\[[^\]]*\]|\[.*|[^:]*)(?::(.*))?$/.exec(place) ?? [];
  if (host === undefined || host === '') return 'has no host';
  if (host.startsWith('[') !== host.endsWith(']')) return 'has an unclosed bracket';
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    return 'has an invalid port: it must be a number from 1 to 65535';
  if (!URL.canParse(`http://${host}`)) return 'has an invalid host: it must be a name or an IP address';
  return URL.canParse(text) ? undefined : 'is not well-formed';
}
