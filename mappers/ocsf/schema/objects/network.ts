import { enumId, hostname, integer, ip, list, object, opt, port, type Static, text } from './types.ts';

export const DIRECTIONS = { 0: 'Unknown', 1: 'Inbound', 2: 'Outbound' } as const;
export const IP_VERSIONS = {
  4: 'Internet Protocol version 4 (IPv4)',
  6: 'Internet Protocol version 6 (IPv6)',
} as const;

export const connectionInfo = object('The connection.', {
  direction: opt(text('Caption of direction_id.')),
  direction_id: enumId('Seen from the host of the event', DIRECTIONS),
  protocol_name: opt(text('tcp, udp, icmp …')),
  protocol_num: opt(integer('IANA protocol number.')),
  protocol_ver: opt(text('Caption of protocol_ver_id.')),
  protocol_ver_id: opt(enumId('IP version', IP_VERSIONS)),
});

export const endpoint = (description: string) =>
  object(
    description,
    {
      ip: opt(ip('IP address.')),
      port: opt(port('Port.')),
      hostname: opt(hostname('Host name.')),
      svc_name: opt(text('An AWS service that called in place of an address.')),
      domain: opt(text('The domain of that service.')),
      intermediate_ips: opt(list(ip('An address.'), 'Addresses between the client and the server.')),
    },
    { atLeastOne: ['ip', 'hostname', 'svc_name'] },
  );

export type Endpoint = Static<ReturnType<typeof endpoint>>;
export type ConnectionInfo = Static<typeof connectionInfo>;
