import { isIP } from 'node:net';

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
