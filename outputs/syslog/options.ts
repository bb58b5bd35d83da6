import { type Static, serverOptions, size, Type, template, tlsOption } from '../../core/sdk/index.ts';
import { FRAMINGS } from './framing.ts';
import { FACILITIES } from './header.ts';
import { checkStructuredData } from './structured-data.ts';

/** The most bytes that a datagram holds: 65,535 less the headers of IPv4 and UDP. */
const DATAGRAM_LIMIT = 65_507;

/** The options of the output `syslog`. */
export const options = Type.Object({
  ...serverOptions({ port: 514, server: 'syslog server', falcosidekick: 'syslog' }),
  protocol: Type.Enum(['tcp', 'udp'], {
    default: 'tcp',
    falcosidekick: ['syslog.protocol'],
    description:
      '`tcp`, which is TLS with the option `tls`, or `udp`. The port of syslog over TLS is mostly 6514.',
  }),
  tls: Type.Optional(tlsOption),
  confirm: Type.Boolean({
    default: false,
    description:
      'TCP and TLS: open a connection for each batch, close it, and wait until the server has closed it, too. The batch is delivered when the server has read all of it; without, when the operating system has taken it.',
  }),
  framing: Type.Enum([...FRAMINGS], {
    default: 'octet_counting',
    description:
      'How TCP and TLS tell messages apart (RFC 6587): by a length in front of each, or by the end of the line.',
  }),
  format: Type.Enum(['json', 'cef'], {
    default: 'json',
    falcosidekick: ['syslog.format'],
    description:
      'What the message is. `json`: the record of the mapper. `cef`: the event in ArcSight’s Common Event Format; the mapper is not used.',
  }),
  facility: Type.Enum([...FACILITIES], {
    default: 'user',
    description: 'The facility; the severity is the priority of the event.',
  }),
  app_name: Type.String({
    pattern: '^[!-~]{1,48}$',
    default: 'Falco',
    description: 'APP-NAME, the tag of older servers: printable ASCII without spaces, at most 48 characters.',
  }),
  structured_data: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Record(Type.String(), template({ description: 'A Liquid template over the event.' })),
      {
        description:
          'STRUCTURED-DATA: for each SD-ID, which has a private enterprise number, its parameters with a Liquid template over the event each.',
        examples: [{ 'falco@32473': { rule: '{{ rule }}', namespace: '{{ fields["k8s.ns.name"] }}' } }],
      },
    ),
  ),
  max_message_size: size({
    minimum: '480B',
    default: '8KiB',
    description:
      'Longer messages become dead letters. Keep it at or below the limit of the server, which cuts what is longer: 8 KiB in rsyslog unless set otherwise.',
  }),
  bom: Type.Boolean({
    default: false,
    advanced: true,
    description:
      'Begin the message with a byte order mark, for servers that read it as another encoding than UTF-8 without one. Many others keep the mark as a part of the message, which is no JSON then.',
  }),
});

/** The options, decoded. */
export type SyslogOptions = Static<typeof options>;

/**
 * Checks what the schema cannot say.
 *
 * @param mapper the type of the mapper
 * @throws Error naming the options that are wrong together
 */
export function checkOptions(given: SyslogOptions, mapper: string): void {
  const { protocol, tls, confirm, format, max_message_size, structured_data = {} } = given;
  if (protocol === 'udp') {
    if (tls !== undefined) throw new Error('tls: cannot be combined with protocol "udp"');
    if (confirm) throw new Error('confirm: cannot be combined with protocol "udp"');
    if (max_message_size > DATAGRAM_LIMIT)
      throw new Error(`max_message_size: a datagram holds at most ${DATAGRAM_LIMIT}B`);
  }
  if (format === 'cef' && mapper !== 'falco')
    throw new Error('format: "cef" uses no mapper; remove "mapper" or use format "json"');
  checkStructuredData(structured_data);
}
