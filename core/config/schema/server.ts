import type { Static } from 'typebox';
import { duration, secret, size } from '../../sdk/options/scalars.ts';
import { Type } from '../../sdk/options/type.ts';
import { address, optionalSection, section } from './builders.ts';

const CREDENTIALS = {
  bearer_token: Type.Optional(
    secret({ minLength: 1, description: 'Required as `Authorization: Bearer …`.' }),
  ),
  basic: Type.Optional(
    section(
      {
        username: Type.String({ description: 'Required user name.', examples: ['falco'] }),
        password: secret({ minLength: 1, description: 'Required password.' }),
      },
      'HTTP basic authentication.',
    ),
  ),
};

export const ServerSchema = optionalSection(
  {
    listen: address('Address and port to receive events on. An empty address means all interfaces.', {
      default: '0.0.0.0:2801',
      falcosidekick: ['listenaddress', 'listenport'],
    }),
    admin_listen: Type.Optional(
      address(
        'Address and port of the operations: dead letters, journal, tap, and all that `listen` serves except receiving events. Default: only the socket `admin.sock` in `journal.path`. An address that is not a loopback address requires credentials.',
        { examples: ['127.0.0.1:2802'] },
      ),
    ),
    admin_hosts: Type.Optional(
      Type.Array(
        Type.String({
          pattern: '^[\\w.-]+$|:.*:',
          description: 'A name or an address, without the port.',
          examples: ['tiercel.falco.svc'],
        }),
        {
          description:
            'Further host names and addresses, without the port, that clients use for `admin_listen`: those of a proxy or a Kubernetes service. `localhost` and the address itself are always allowed. A request with another `Host` is rejected.',
          examples: [['tiercel.falco.svc']],
          needs: ['admin_listen'],
        },
      ),
    ),
    max_body: size({
      description:
        'Maximum size of a request body, after decompression. A larger body is rejected with status 413.',
      default: '16MiB',
      minimum: '1KiB',
    }),
    max_wait: duration({
      description:
        'How long `POST /` waits while the journal is full, the disk fails or memory is short, before it answers with status 503.',
      default: '30s',
    }),
    tls: Type.Optional(
      section(
        {
          cert: Type.String({
            format: 'path',
            description: 'PEM file of the certificate chain, relative to the configuration file.',
            examples: ['/etc/tiercel/tls.crt'],
            falcosidekick: ['tlsserver.certfile'],
          }),
          key: Type.String({
            format: 'path',
            description: 'PEM file of the private key.',
            examples: ['/etc/tiercel/tls.key'],
            falcosidekick: ['tlsserver.keyfile'],
          }),
          client_ca: Type.Optional(
            Type.String({
              format: 'path',
              description:
                'PEM file of the certificate authorities for client certificates, which are then required except for `/healthz`, `/readyz` and `/ping`: platform probes have none.',
              examples: ['/etc/tiercel/clients.crt'],
              falcosidekick: ['tlsserver.cacertfile'],
            }),
          ),
        },
        'Serve HTTPS.',
        { falcosidekick: ['tlsserver'] },
      ),
    ),
    auth: Type.Optional(
      section(
        CREDENTIALS,
        'Credentials that a sender must present. If both kinds are set, either one is accepted.',
      ),
    ),
    admin_auth: Type.Optional(
      section(
        CREDENTIALS,
        'Credentials for `admin_listen`, instead of `auth`, which every node that sends events has.',
        { needs: ['admin_listen'] },
      ),
    ),
  },
  'The HTTP server that receives alerts from Falco.',
);

export type ServerConfig = Static<typeof ServerSchema>;

/** `server.auth` or `server.admin_auth`. */
export type Credentials = NonNullable<ServerConfig['auth']>;
