import type { Static } from 'typebox';
import { duration, secret, size } from '../../sdk/options/scalars.ts';
import { Type } from '../../sdk/options/type.ts';
import { address, optionalSection, section } from './builders.ts';

const CREDENTIALS = {
  bearer_token: Type.Optional(
    secret({ minLength: 1, description: 'Demanded as `Authorization: Bearer …`.' }),
  ),
  basic: Type.Optional(
    section(
      {
        username: Type.String({ description: 'The user name demanded.', examples: ['falco'] }),
        password: secret({ minLength: 1, description: 'The password demanded.' }),
      },
      'HTTP basic authentication.',
    ),
  ),
};

export const ServerSchema = optionalSection(
  {
    listen: address('Where events come in: address and port. An empty address means all.', {
      default: '0.0.0.0:2801',
      falcosidekick: ['listenaddress', 'listenport'],
    }),
    admin_listen: Type.Optional(
      address(
        'An address for operators: dead letters, journal, tap, and what `listen` serves but for the events. Without it they are served at the socket `admin.sock` in `journal.path` only. An address that is not a loopback one needs credentials.',
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
            'Names and addresses, without the port, under which clients call `admin_listen`, apart from `localhost` and the address itself: those of a proxy or a Kubernetes service. A request with another `Host` is refused.',
          examples: [['tiercel.falco.svc']],
          needs: ['admin_listen'],
        },
      ),
    ),
    max_body: size({
      description: 'The largest body of a request, after decompression; beyond it the answer is 413.',
      default: '16MiB',
      minimum: '1KiB',
    }),
    max_wait: duration({
      description:
        'How long `POST /` waits for room in the journal, for a disk that fails or for memory before it answers 503.',
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
                'PEM file of the authorities whose client certificates are demanded, but for `/healthz`, `/readyz` and `/ping`: probes of a platform have none.',
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
      section(CREDENTIALS, 'What a sender must present; either one suffices when both are set.'),
    ),
    admin_auth: Type.Optional(
      section(
        CREDENTIALS,
        'What must be presented at `admin_listen`, instead of `auth`: every node that sends events has those.',
        { needs: ['admin_listen'] },
      ),
    ),
  },
  'The HTTP side: where Falco sends its alerts.',
);

export type ServerConfig = Static<typeof ServerSchema>;

/** `server.auth` or `server.admin_auth`. */
export type Credentials = NonNullable<ServerConfig['auth']>;
