import { isIPv6 } from 'node:net';
import { awsIdentityOptions } from '../../core/sdk/aws/index.ts';
import { loginOptions, type Static, secret, size, Type, template, tlsOption } from '../../core/sdk/index.ts';
import type { Address } from './connections.ts';

const DEFAULT_PORT = 9092;

const sasl = Type.Object(
  {
    mechanism: Type.Enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'AWS_MSK_IAM'], {
      falcosidekick: ['kafka.sasl'],
      description:
        'How the user is authenticated. PLAIN sends the password as it is: use it with `tls`. AWS_MSK_IAM is for Amazon MSK.',
    }),
    ...loginOptions({ falcosidekick: 'kafka' }),
    token: Type.Optional(
      secret({ excludes: ['token_file', 'username'], description: 'Bearer token, for OAUTHBEARER.' }),
    ),
    token_file: Type.Optional(
      Type.String({
        excludes: ['token', 'username'],
        description:
          'A file that holds the bearer token, for OAUTHBEARER; read again whenever a broker asks for it, so it may be renewed.',
        examples: ['/var/run/secrets/tokens/kafka'],
      }),
    ),
    aws: Type.Optional(
      Type.Object(awsIdentityOptions, {
        excludes: ['token', 'token_file', 'username'],
        description:
          'Region of the cluster and credentials of AWS, for AWS_MSK_IAM. Without keys: the default chain of the AWS SDK (environment, IRSA, Pod Identity, IMDS). `proxy` and `tls` are for calls of STS, not of brokers.',
      }),
    ),
  },
  {
    description: 'Authentication of this client. Without: none, or the client certificate of `tls`.',
  },
);

export const options = Type.Object({
  brokers: Type.Array(
    Type.String({
      pattern: '^(\\[[0-9a-fA-F:]+\\]|[^\\s:/\\[\\]]+)(:[0-9]{1,5})?$',
      description: 'One broker: `host:port`. Without a port: 9092.',
    }),
    {
      minItems: 1,
      falcosidekick: ['kafka.hostport'],
      description: 'Brokers to ask first; the others of the cluster are found from there.',
      examples: [['kafka-0.kafka:9092', 'kafka-1.kafka:9092']],
    },
  ),
  topic: template({
    falcosidekick: ['kafka.topic'],
    description:
      'The topic: a name, or a Liquid template over the event. What Kafka does not allow in a name becomes `_`.',
    examples: ['falco', 'falco.{{ priority | downcase }}'],
  }),
  key: Type.Optional(
    template({
      description:
        'Key of a record: a Liquid template over the event. Records of a key go to one partition and keep their order. Without: no key.',
      examples: ['{{ hostname }}'],
    }),
  ),
  headers: Type.Record(Type.String(), template({ description: 'The value of the header.' }), {
    default: {
      id: '{{ id }}',
      rule: '{{ rule }}',
      priority: '{{ priority }}',
      source: '{{ source }}',
      hostname: '{{ hostname }}',
    },
    description:
      'Headers of a record: Liquid templates over the event. A header whose value is empty is left out. `{}` sends none.',
    examples: [{ cluster: 'production', rule: '{{ rule }}' }],
  }),
  compression: Type.Enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
    default: 'none',
    falcosidekick: ['kafka.compression'],
    description:
      'Compression of the records that go to a partition together. `zstd` needs Node.js 22.15 or later.',
  }),
  sasl: Type.Optional(sasl),
  tls: Type.Optional({ ...tlsOption, falcosidekick: ['kafka.tls'] } as typeof tlsOption),
  idempotent: Type.Boolean({
    default: true,
    advanced: true,
    description:
      'Let the brokers tell repeated records apart. Set it to false for brokers that do not offer this, or refuse it to the user.',
  }),
  max_message_size: size({
    default: '1MiB',
    advanced: true,
    description:
      'The most bytes sent to a partition at once, before compression: `max.message.bytes` of the topic. A larger event is sent by itself, and the broker decides.',
  }),
  allow_topic_creation: Type.Boolean({
    default: false,
    advanced: true,
    falcosidekick: ['kafka.topiccreation'],
    description:
      'Let brokers create a topic that does not exist, with their own settings; they must have `auto.create.topics.enable`.',
  }),
  client_id: Type.String({
    default: 'tiercel',
    advanced: true,
    pattern: '^\\S+$',
    falcosidekick: ['kafka.clientid'],
    description: 'Name of this client in the logs, metrics and quotas of the brokers.',
  }),
});

/** What {@link options} gives. */
export type KafkaOptions = Static<typeof options>;

/**
 * Where a broker of the options listens.
 *
 * @example addressOf('[::1]:9093') // { host: '::1', port: 9093 }
 */
export function addressOf(broker: string): Address {
  const [, bracketed, name, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(broker) ?? [];
  return { host: bracketed ?? name ?? broker, port: port === undefined ? DEFAULT_PORT : Number(port) };
}

/** An address as users write it. */
export function nameOf({ host, port }: Address): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/**
 * Looks for what the schema cannot say.
 *
 * @param zstd is there a zstd in this runtime?
 * @throws Error that names the option and what to do
 */
export function checkOptions({ sasl: given, compression, brokers, tls }: KafkaOptions, zstd: boolean): void {
  for (const broker of brokers)
    if (addressOf(broker).port > 65_535) throw new Error(`brokers: "${broker}" has no valid port`);
  if (compression === 'zstd' && !zstd)
    throw new Error('compression: zstd needs Node.js 22.15 or later; use lz4');
  if (given === undefined) return;
  const { mechanism, username, token, token_file: tokenFile, aws } = given;
  if (aws !== undefined && mechanism !== 'AWS_MSK_IAM')
    throw new Error(`sasl.aws requires sasl.mechanism: AWS_MSK_IAM, not ${mechanism}`);
  if (mechanism === 'AWS_MSK_IAM') {
    if (aws === undefined) throw new Error('sasl.mechanism: AWS_MSK_IAM requires sasl.aws with a region');
    if (tls === undefined)
      throw new Error('sasl.mechanism: AWS_MSK_IAM requires tls; `tls: {}` is enough for Amazon MSK');
  } else if (mechanism === 'OAUTHBEARER') {
    if (token === undefined && tokenFile === undefined)
      throw new Error('sasl.mechanism: OAUTHBEARER requires sasl.token or sasl.token_file');
  } else if (username === undefined) {
    throw new Error(`sasl.mechanism: ${mechanism} requires sasl.username and sasl.password`);
  }
}
