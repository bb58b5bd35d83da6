import * as zlib from 'node:zlib';
import {
  type BatchContent,
  defineOutput,
  type Output,
  overConnection,
  readTls,
  recordJson,
  textTemplate,
} from '../../core/sdk/index.ts';
import { type KafkaClient, kafkaClient } from './client.ts';
import type { Library } from './connections.ts';
import { diagnoseKafka } from './diagnose.ts';
import { faultOf } from './errors.ts';
import { messageMaker } from './message.ts';
import { addressOf, checkOptions, options } from './options.ts';
import { type KafkaProducer, kafkaProducer } from './producer.ts';
import { createSasl } from './sasl.ts';

/** A broker ends the connection at a request of more than `socket.request.max.bytes`, 100 MiB unless it is set otherwise. */
const LARGEST_REQUEST = 32 * 1024 * 1024;

/** Publishes each event to a Kafka topic. */
export default defineOutput({
  apiVersion: 1,
  type: 'kafka',
  summary: 'Publishes each event to a Kafka topic and waits until all replicas have it.',
  category: 'queue',
  stability: 'experimental',
  options,
  examples: [
    { title: 'Minimal', options: { brokers: ['kafka:9092'], topic: 'falco' } },
    {
      title: 'The events of each host in order, over TLS, with SCRAM',
      options: {
        brokers: ['kafka-0.kafka:9093', 'kafka-1.kafka:9093'],
        topic: 'falco',
        key: '{{ hostname }}',
        compression: 'lz4',
        tls: { ca: '/etc/kafka/ca.crt' },
        sasl: { mechanism: 'SCRAM-SHA-512', username: 'falco', password: 'from-a-secret' },
      },
    },
    {
      title: 'Amazon MSK, authenticated by IAM',
      options: {
        brokers: ['b-1.falco.abc123.c2.kafka.eu-central-1.amazonaws.com:9098'],
        topic: 'falco',
        tls: {},
        sasl: { mechanism: 'AWS_MSK_IAM', aws: { region: 'eu-central-1' } },
      },
    },
    {
      title: 'With a client certificate, a topic by priority',
      options: {
        brokers: ['kafka.example.com:9093'],
        topic: 'falco.{{ priority | downcase }}',
        tls: { ca: '/etc/kafka/ca.crt', cert: '/etc/kafka/client.crt', key: '/etc/kafka/client.key' },
      },
    },
  ],
  ordering: ({ key }) => (key === undefined ? 'none' : 'partition'),
  batch: { events: 1000, size: 1024 * 1024, every: 200 },
  request: { size: LARGEST_REQUEST },
  mapper: 'falco',
  packages: { '@platformatic/kafka': '^1.35.0' },
  claims: (given) => {
    checkOptions(given, 'zstdCompressSync' in zlib);
    return [];
  },
  notes: `The value of a record is what the mapper made. Its timestamp is the time of the event, or when it was received where a host's clock is
ahead: brokers refuse times in the future. It is delivered when all replicas that are in sync have it (\`acks=all\`); how many
those are is up to \`min.insync.replicas\` of the topic.

**Keys and order.** Records of a key go to the partition that Kafka's own producer chooses (murmur2) and keep the order in which their events were accepted, through
retries too: with \`key\`, one batch is under way at a time. Without a key each batch goes to another partition, and batches may overtake each other.

**Repeated records.** While Tiercel runs, records that may have been stored (no answer in time, a lost connection, a broker that ended) are sent again under the
same producer id and sequence, so the broker stores them once. A record may be stored twice after a restart of Tiercel, when the
topic got more partitions or a record was set aside between the two attempts, and when a broker has forgotten the producer: it does so a
day (\`producer.id.expiration.ms\`) after the time of the producer's last event. The header \`id\` is the same on both.

**Permissions.** \`Describe\` and \`Write\` on the topic. Brokers before 2.8 ask for \`IdempotentWrite\` on the cluster, too; or set \`idempotent: false\`.
Amazon MSK with IAM: \`kafka-cluster:Connect\` and \`kafka-cluster:WriteDataIdempotently\` on the cluster, \`kafka-cluster:DescribeTopic\` and
\`kafka-cluster:WriteData\` on the topic.

Each partition is judged by itself. Retried: network faults, refused credentials and permissions, an unknown topic, too few replicas in sync,
everything else that passes. Set aside: a record that is larger than the topic takes (\`max.message.bytes\`), or that the broker finds
invalid; those sent with it are sent again without it. A topic whose retention is shorter than an event is old deletes it at once.`,
  create(given, context): Output {
    const toJson = recordJson(context.mapper);
    const compile = (name: string, text: string) => textTemplate(name, text, context.log);
    const messageOf = messageMaker({
      topic: compile('topic', given.topic),
      key: given.key === undefined ? undefined : compile('key', given.key),
      headers: Object.entries(given.headers).map(([name, text]) => [name, compile(`headers.${name}`, text)]),
    });
    const messagesOf = ({ records, events }: BatchContent<unknown>) =>
      records.map((record, index) => messageOf(events[index]!, toJson(record)));
    const { tls: tlsOptions } = given;
    const tls = tlsOptions && (() => readTls(tlsOptions, context.configDir));
    const brokers = given.brokers.map(addressOf);
    const sasl = createSasl(given, context);
    const load = () => context.load('@platformatic/kafka', () => import('@platformatic/kafka'));
    const connect = (library: Library, allowTopicCreation = given.allow_topic_creation): KafkaClient =>
      kafkaClient(library, {
        brokers,
        clientId: given.client_id,
        allowTopicCreation,
        compression: given.compression,
        tls,
        sasl: sasl?.options,
        now: () => context.clock.now(),
      });

    const output = overConnection<{ client: KafkaClient; producer: KafkaProducer }, unknown>(
      {
        // The client opens connections again by itself; the producer must outlive them, to tell repeated records apart.
        open: async (signal) => {
          const library = await load();
          const client = connect(library);
          try {
            await client.connect(signal);
          } catch (error) {
            client.close();
            throw new Error(`Kafka: ${faultOf(library, error).reason}`, { cause: error });
          }
          const producer = kafkaProducer(library, client, {
            idempotent: given.idempotent,
            maxBytes: given.max_message_size,
          });
          return { client, producer };
        },
        close: ({ client }) => client.close(),
      },
      ({ producer }, batch, signal) => producer.send(messagesOf(batch), signal),
    );

    return {
      ...output,
      async stop(signal) {
        try {
          await output.stop?.(signal);
        } finally {
          sasl?.close();
        }
      },
      preview: (batch) =>
        messagesOf(batch)
          .map(({ topic, key, headers, value }) =>
            [
              `topic: ${topic}`,
              ...(key === undefined ? [] : [`key: ${key}`]),
              ...[...headers].map(([name, text]) => `header ${name}: ${text}`),
              String(value),
            ].join('\n'),
          )
          .join('\n\n'),
      async *diagnose({ sample }, signal) {
        const library = await load();
        const client = connect(library, false);
        try {
          yield* diagnoseKafka(
            library,
            client,
            {
              brokers: brokers.map((broker) => ({ ...broker, tls })),
              topic: messageOf(sample, '').topic,
              idempotent: given.idempotent,
              allowTopicCreation: given.allow_topic_creation,
            },
            signal,
          );
        } finally {
          client.close();
        }
      },
    };
  },
});
