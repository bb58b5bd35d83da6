import { isIP } from 'node:net';
import type { Fields } from '../fields.ts';
import { type ConnectionInfo, DIRECTIONS, type Endpoint, IP_VERSIONS } from '../schema/objects.ts';
import { HOSTNAME } from '../schema/types.ts';

/** IANA protocol numbers of what Falco's fd.l4proto says. */
const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17 };

/** System calls that tell which end of the connection the host is. */
const IS_SERVER: Readonly<Record<string, boolean>> = {
  connect: false,
  accept: true,
  accept4: true,
  listen: true,
};

export interface Network {
  readonly client: Endpoint | undefined;
  readonly server: Endpoint | undefined;
  readonly connection: ConnectionInfo | undefined;
}

/** Is it an address that OCSF takes too? */
export const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%');

const isHostname = (text: string): boolean => HOSTNAME.test(text);

/** The two ends of the event's connection: from their own fields, else from the tuple in `fd.name`. */
export function networkOf(fields: Fields): Network | undefined {
  if (!fields.has('fd')) return undefined;
  const tuple = parseTuple(fields.peek('fd.name'));
  if (tuple !== undefined) fields.take('fd.name');
  const told = fields.peek('fd.is_server');
  const isServer = told === 'true' || told === 'false' ? told : undefined;
  const local = localEnd(fields, tuple, isServer);
  const client = endpoint(fields, CLIENT, tuple?.client, local && (local === 'client' ? LOCAL : REMOTE));
  const server = endpoint(fields, SERVER, tuple?.server, local && (local === 'server' ? LOCAL : REMOTE));
  if (client === undefined && server === undefined) return undefined;
  if (isServer !== undefined) fields.take('fd.is_server');
  return { client, server, connection: connectionOf(fields, client ?? server!, local) };
}

type End = 'client' | 'server';

/** Which end the host is: as Falco says, as the system call tells, or by the local port. */
function localEnd(fields: Fields, tuple: Tuple | undefined, isServer: string | undefined): End | undefined {
  if (isServer !== undefined) return isServer === 'true' ? 'server' : 'client';
  const call = IS_SERVER[fields.peek('evt.type') ?? ''];
  if (call !== undefined) return call ? 'server' : 'client';
  const port = fields.peek('fd.lport');
  const [client, server] = [
    tuple?.client.port ?? fields.peek('fd.cport'),
    tuple?.server.port ?? fields.peek('fd.sport'),
  ].map((side) => side?.toString());
  if (port === undefined || client === server) return undefined;
  return port === client ? 'client' : port === server ? 'server' : undefined;
}

/** The fields of an end by the four ways to see it: client, server, local, remote. */
const named = (side: 'c' | 's' | 'l' | 'r') => ({
  ip: `fd.${side}ip`,
  port: `fd.${side}port`,
  hostname: `fd.${side}ip.name`,
});
const CLIENT = named('c');
const SERVER = named('s');
const LOCAL = named('l');
const REMOTE = named('r');

/** One end: `fd.cip` or `fd.sip`, else what the tuple says, else the local or remote address that it is. */
function endpoint(
  fields: Fields,
  side: typeof CLIENT,
  told: { ip: string; port: number } | undefined,
  view: typeof LOCAL | undefined,
): Endpoint | undefined {
  const ip = fields.textIf(side.ip, isAddress) ?? told?.ip ?? (view && fields.textIf(view.ip, isAddress));
  if (ip === undefined) return undefined;
  const port =
    fields.int32(side.port, 0, 65_535) ?? told?.port ?? (view && fields.int32(view.port, 0, 65_535));
  const hostname = fields.textIf(side.hostname, isHostname);
  if (view !== undefined) {
    fields.takeIfEqual(ip, view.ip);
    fields.takeIfEqual(port?.toString(), view.port);
    fields.takeIfEqual(hostname, view.hostname);
  }
  return { ip, port, hostname };
}

function connectionOf(fields: Fields, end: Endpoint, local: End | undefined): ConnectionInfo {
  const protocol = fields.text('fd.l4proto');
  const version = isIP(end.ip!) as 4 | 6;
  fields.takeIfEqual(`ipv${version}`, 'fd.type');
  const direction = local === undefined ? 0 : local === 'server' ? 1 : 2;
  return {
    direction: DIRECTIONS[direction],
    direction_id: direction,
    protocol_name: protocol,
    protocol_num: protocol === undefined ? undefined : PROTOCOLS[protocol],
    protocol_ver: IP_VERSIONS[version],
    protocol_ver_id: version,
  };
}

interface Tuple {
  readonly client: { ip: string; port: number };
  readonly server: { ip: string; port: number };
}

/** `10.1.2.3:40312->10.96.0.1:443`, client first. */
function parseTuple(name: string | undefined): Tuple | undefined {
  const arrow = name?.indexOf('->') ?? -1;
  if (name === undefined || arrow < 0) return undefined;
  const client = parseEnd(name.slice(0, arrow));
  const server = parseEnd(name.slice(arrow + 2));
  return client && server && { client, server };
}

function parseEnd(text: string): { ip: string; port: number } | undefined {
  const colon = text.lastIndexOf(':');
  const ip = text.slice(0, Math.max(colon, 0));
  const port = text.slice(colon + 1);
  if (!isAddress(ip) || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) return undefined;
  return { ip, port: Number(port) };
}
