import { connectionOf } from '../../falco-fields/connection.ts';
import type { Fields } from '../../falco-fields/fields.ts';
import { type ConnectionInfo, DIRECTIONS, type Endpoint, IP_VERSIONS } from '../schema/objects/network.ts';
import { HOSTNAME } from '../schema/objects/types.ts';

/** IANA protocol numbers of what Falco's fd.l4proto says. */
const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['tcp', 6],
  ['udp', 17],
]);

export interface Network {
  readonly client: Endpoint | undefined;
  readonly server: Endpoint | undefined;
  readonly connection: ConnectionInfo;
}

const isHostname = (text: string): boolean => HOSTNAME.test(text);

/** The event's connection as OCSF's endpoints and `connection_info`. */
export function networkOf(fields: Fields): Network | undefined {
  const seen = connectionOf(fields, isHostname);
  if (seen === undefined) return undefined;
  const { client, server, local, protocol, ipVersion } = seen;
  const direction = local === undefined ? 0 : local === 'server' ? 1 : 2;
  const connection: ConnectionInfo = {
    direction: DIRECTIONS[direction],
    direction_id: direction,
    protocol_name: protocol,
    protocol_num: protocol === undefined ? undefined : PROTOCOLS.get(protocol),
    protocol_ver: ipVersion && IP_VERSIONS[ipVersion],
    protocol_ver_id: ipVersion,
  };
  return { client, server, connection };
}
