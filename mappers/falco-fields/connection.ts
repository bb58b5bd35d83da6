import { isIP } from 'node:net';
import type { Fields } from './fields.ts';
import { isAddress } from './fields.ts';

/** One end of a connection: its address, or its name where that is all there is. */
export interface End {
  readonly ip: string | undefined;
  readonly port: number | undefined;
  readonly hostname: string | undefined;
}

/** What the `fd.*` fields tell of a connection; one end at least is known. */
export interface Connection {
  /** The client; where nothing tells which end is the client, the local end. */
  readonly client: End | undefined;
  /** The server; where nothing tells which end is the server, the remote end. */
  readonly server: End | undefined;
  /** Which of them the host is. */
  readonly local: Side | undefined;
  readonly protocol: string | undefined;
  /** Undefined where no address is known. */
  readonly ipVersion: 4 | 6 | undefined;
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
  let client = endOf(fields, CLIENT, tuple?.client, seen('client'), isHostname);
  let server = endOf(fields, SERVER, tuple?.server, seen('server'), isHostname);
  if (client === undefined && server === undefined) {
    // `sendto` and the like do not tell which end is the client. Who hunts for an address looks for the remote one.
    client = endOf(fields, LOCAL, undefined, undefined, isHostname);
    server = endOf(fields, REMOTE, undefined, undefined, isHostname);
  }
  // A tuple that the other fields contradict stays: the record says something else.
  if (tuple !== undefined && isSame(client, tuple.client) && isSame(server, tuple.server))
    fields.take('fd.name');
  if (client === undefined && server === undefined) return undefined;
  if (isServer !== undefined) fields.take('fd.is_server');
  const ipVersion = (isIP(client?.ip ?? server?.ip ?? '') || undefined) as 4 | 6 | undefined;
  if (ipVersion !== undefined) fields.takeIfEqual(`ipv${ipVersion}`, 'fd.type');
  return { client, server, local, protocol: fields.text('fd.l4proto'), ipVersion };
}

/** Which end the host is: as Falco says, as the system call tells, or by the local and remote address or the local port. */
function localSide(fields: Fields, tuple: Tuple | undefined, isServer: string | undefined): Side | undefined {
  if (isServer !== undefined) return isServer === 'true' ? 'server' : 'client';
  const call = LOCAL_SIDE.get(fields.peek('evt.type') ?? '');
  if (call !== undefined) return call;
  const byAddress = sideByAddress(fields, tuple);
  if (byAddress !== undefined) return byAddress;
  const port = fields.peek('fd.lport');
  const client = tuple?.client.port.toString() ?? fields.peek('fd.cport');
  const server = tuple?.server.port.toString() ?? fields.peek('fd.sport');
  if (port === undefined || client === server) return undefined;
  return port === client ? 'client' : port === server ? 'server' : undefined;
}

/** Which end the host is, by an end whose address is that of the local or the remote end. */
function sideByAddress(fields: Fields, tuple: Tuple | undefined): Side | undefined {
  const client = fields.peek(CLIENT.ip) ?? tuple?.client.ip;
  const server = fields.peek(SERVER.ip) ?? tuple?.server.ip;
  if (client === server) return undefined;
  const remote = fields.peek(REMOTE.ip);
  const local = fields.peek(LOCAL.ip);
  const same = (one: string | undefined, other: string | undefined) => one !== undefined && one === other;
  // Where one end is known, an address that is not its own is that of the other end.
  const is = (end: string | undefined, other: string | undefined) =>
    same(local, end) ||
    same(remote, other) ||
    (end !== undefined && other === undefined && remote !== undefined && remote !== end);
  const [isClient, isServer] = [is(client, server), is(server, client)];
  return isClient === isServer ? undefined : isClient ? 'client' : 'server';
}

/** The longest text that is looked at for addresses: a list of some. */
const MAX_LISTED = 1024;
const NONE: readonly string[] = [];

/**
 * The IP addresses that the text of a field consists of: one, the two of a connection, or a list.
 *
 * @example addressesIn('10.1.2.3:40312->10.96.0.1:443') // ['10.1.2.3', '10.96.0.1']
 * @example addressesIn('["192.0.2.1","198.51.100.7"]') // both
 * @example addressesIn('version 1.2.3.4') // none: a text that speaks of one
 */
export function addressesIn(text: string): readonly string[] {
  if (text.length > MAX_LISTED || !(text.includes('.') || text.includes(':'))) return NONE;
  if (isAddress(text)) return [text];
  const tuple = parseTuple(text);
  if (tuple !== undefined) return [tuple.client.ip, tuple.server.ip];
  const isList = /^[[(].*[\])]$/.test(text);
  if (!isList) return NONE;
  const items = text.slice(1, -1).split(',');
  return items.map((item) => item.trim().replace(/^"|"$/g, '')).filter(isAddress);
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
  const hostname =
    fields.textIf(side.hostname, isHostname) ?? (view && fields.textIf(view.hostname, isHostname));
  if (ip === undefined && hostname === undefined) return undefined;
  const port =
    fields.int32(side.port, 0, 65_535) ?? told?.port ?? (view && fields.int32(view.port, 0, 65_535));
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
