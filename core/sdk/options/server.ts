import { Type } from './type.ts';

/** What {@link serverOptions} gives. */
export interface ServerAddress {
  /** A name or an IP address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * The options `host` and `port` of an output that connects to one server; spread them into the properties of its schema.
 * Outputs over HTTP have a `url` instead.
 *
 * @param details.port the default port of the protocol; without it the user must give one
 * @param details.server what the server is, for the descriptions; default `server`
 * @param details.falcosidekick the section of Falcosidekick whose keys `host` and `port` these options replace
 * @example
 * options: Type.Object({ ...serverOptions({ port: 514, server: 'syslog server', falcosidekick: 'syslog' }) })
 * // host: syslog.example.com in YAML; create gets { host: 'syslog.example.com', port: 514 }
 */
export function serverOptions({
  port,
  server = 'server',
  falcosidekick,
}: {
  readonly port?: number;
  readonly server?: string;
  readonly falcosidekick?: string;
} = {}) {
  const replaces = (key: string) =>
    falcosidekick === undefined ? {} : { falcosidekick: [`${falcosidekick}.${key}`] };
  return {
    host: Type.String({
      format: 'host',
      ...replaces('host'),
      description: `Name or IP address of the ${server}, without the port.`,
      examples: [`${server.split(' ')[0]!.toLowerCase()}.example.com`],
    }),
    port: Type.Integer({
      minimum: 1,
      maximum: 65_535,
      ...(port !== undefined && { default: port }),
      ...replaces('port'),
      description: `Port of the ${server}.`,
    }),
  };
}
