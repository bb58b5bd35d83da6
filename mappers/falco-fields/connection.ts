import { isIP } from 'node:net';
import type { Fields } from './fields.ts';
import { isAddress } from './fields.ts';

/** One end of a connection. */
export interface End {
  readonly ip: string;
  readonly port: number | undefined;
  readonly hostname: string | undefined;
}

/** What the `fd.*` fields tell of a connection; one end at least is known. */
export interface Connection {
  readonly client: End | undefined;
  readonly server: End | undefined;
  /** Which of them the host is. */
  readonly local: Side | undefined;
  readonly protocol: string | undefined;
  readonly ipVersion: 4 | 6;
}

export type Side = 'client' | 'server';

/** System calls that tell which end of the connection the host is. */
const LOCAL_SIDE: ReadonlyMap<string, Side> = new Map([
  ['connect', 'client'],
  ['accept', 'server'],
  ['accept4', 'server'],
  ['listen', 'server'],
]);

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

/**
 * The two ends of the event's connection: from their own fields, else from the tuple in `fd.name`.
 *
 * @param isHostname whether the record takes it for one
 */
export function connectionOf(
  fields: Fields,
  isHostname: (text: string) => boolean = () => true,
): Connection | undefined {
  if (!fields.has('fd')) return undefined;
  const tuple = parseTuple(fields.peek('fd.name'));
  const told = fields.peek('fd.is_server');
  const isServer = told === 'true' || told === 'false' ? told : undefined;
  const local = localSide(fields, tuple, isServer);
  const seen = (side: Side) => local && (local === side ? LOCAL : REMOTE);
  const client = endOf(fields, CLIENT, tuple?.client, seen('client'), isHostname);
  const server = endOf(fields, SERVER, tuple?.server, seen('server'), isHostname);
  // A tuple that the other fields contradict stays: the record says something else.
  if (tuple !== undefined && isSame(client, tuple.client) && isSame(server, tuple.server))
    fields.take('fd.name');
  const end = client ?? server;
  if (end === undefined) return undefined;
  if (isServer !== undefined) fields.take('fd.is_server');
  const ipVersion = isIP(end.ip) as 4 | 6;
  fields.takeIfEqual(`ipv${ipVersion}`, 'fd.type');
  return { client, server, local, protocol: fields.text('fd.l4proto'), ipVersion };
}

/** Which end the host is: as Falco says, as the system call tells, or by the local port. */
function localSide(fields: Fields, tuple: Tuple | undefined, isServer: string | undefined): Side | undefined {
  if (isServer !== undefined) return isServer === 'true' ? 'server' : 'client';
  const call = LOCAL_SIDE.get(fields.peek('evt.type') ?? '');
  if (call !== undefined) return call;
  const port = fields.peek('fd.lport');
  const client = tuple?.client.port.toString() ?? fields.peek('fd.cport');
  const server = tuple?.server.port.toString() ?? fields.peek('fd.sport');
  if (port === undefined || client === server) return undefined;
  return port === client ? 'client' : port === server ? 'server' : undefined;
}

/** One end: `fd.cip` or `fd.sip`, else what the tuple says, else the local or remote address that it is. */
function endOf(
  fields: Fields,
  side: typeof CLIENT,
  told: TupleEnd | undefined,
  view: typeof LOCAL | undefined,
  isHostname: (text: string) => boolean,
): End | undefined {
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

interface TupleEnd {
  readonly ip: string;
  readonly port: number;
}

const isSame = (end: End | undefined, told: TupleEnd) => end?.ip === told.ip && end.port === told.port;

interface Tuple {
  readonly client: TupleEnd;
  readonly server: TupleEnd;
}

/** `10.1.2.3:40312->10.96.0.1:443`, client first. */
function parseTuple(name: string | undefined): Tuple | undefined {
  const arrow = name?.indexOf('->') ?? -1;
  if (name === undefined || arrow < 0) return undefined;
  const client = parseEnd(name.slice(0, arrow));
  const server = parseEnd(name.slice(arrow + 2));
  return client && server && { client, server };
}

function parseEnd(text: string): TupleEnd | undefined {
  const colon = text.lastIndexOf(':');
  const ip = text.slice(0, Math.max(colon, 0));
  const port = text.slice(colon + 1);
  if (!isAddress(ip) || !/^(0|[1-9]\d{0,4})$/.test(port) || Number(port) > 65_535) return undefined;
  return { ip, port: Number(port) };
}
