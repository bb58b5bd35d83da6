import { createHash } from 'node:crypto';
import type { BatchResultErrorEntry, SQSClient } from '@aws-sdk/client-sqs';
import { type AwsError, awsClientConfig, awsFault, awsOptions, fromAwsFault } from '../core/sdk/aws/index.ts';
import {
  abortable,
  type BatchContent,
  type Delivery,
  defineOutput,
  deliveredExcept,
  type Event,
  type Finding,
  httpTransport,
  overConnection,
  probeConnection,
  reachUrl,
  readTls,
  recordJson,
  rejected,
  Type,
  template,
  textTemplate,
} from '../core/sdk/index.ts';

/** The most that SendMessageBatch takes (SQS API reference): ten messages, 1 MiB of them all. */
const REQUEST = { events: 10, size: 1024 * 1024 };
/** The group of messages for which the user's template gives none. */
const DEFAULT_GROUP = 'falco';
/** The longest name of a message group, and what it may not contain (SQS API reference). */
const LONGEST_GROUP = 128;
const NOT_IN_GROUP = /[^\x21-\x7e]/g;
/** Refusals of what was sent; everything else passes. */
const CONTENT_REFUSED = new Set([
  'BatchRequestTooLong',
  'InvalidMessageContents',
  'AWS.SimpleQueueService.BatchRequestTooLong',
]);

/** Refusals of one message that are about the key of the queue or about haste, though SQS calls them the sender's fault. */
const KEY_REFUSED = /kms|throttl|denied/i;

/** Sends each event to an SQS queue. */
export default defineOutput({
  apiVersion: 1,
  type: 'aws_sqs',
  summary: 'Sends each event as a message to an Amazon SQS queue, ten at a time.',
  category: 'queue',
  stability: 'experimental',
  options: Type.Object({
    queue_url: Type.String({
      format: 'http-url',
      falcosidekick: ['aws.sqs.url'],
      description: 'The queue.',
      examples: ['https://sqs.eu-west-1.amazonaws.com/123456789012/falco'],
    }),
    message_group: template({
      default: DEFAULT_GROUP,
      description:
        'Message group of a FIFO queue: a Liquid template over the event. What SQS does not allow in it becomes `_`, and it is cut at 128 characters.',
      examples: ['{{ hostname }}'],
    }),
    ...awsOptions,
    region: { ...awsOptions.region, description: 'Region of the queue.' },
  }),
  examples: [
    {
      title: 'Minimal',
      options: { queue_url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/falco', region: 'eu-west-1' },
    },
    {
      title: 'FIFO queue, the events of each host in order',
      options: {
        queue_url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/falco.fifo',
        message_group: '{{ hostname }}',
        region: 'eu-west-1',
      },
    },
  ],
  ordering: ({ queue_url }) => (isFifo(queue_url) ? 'partition' : 'none'),
  request: ({ queue_url }) => (isFifo(queue_url) ? { ...REQUEST, events: 1 } : REQUEST),
  batch: { events: REQUEST.events, size: 200 * 1024, every: 500 },
  mapper: 'falco',
  packages: { '@aws-sdk/client-sqs': '>=3.1169.0 <=3.1175.0' },
  notes: `Needs the permission \`sqs:SendMessage\`. A standard queue may get a message twice and in any order.

A FIFO queue (\`.fifo\`) gets the messages of a group in the order in which their events were accepted, through retries too. The group is the partition: the
next message of a group is sent when SQS has the one before, and groups go side by side, up to \`concurrency\`. So one group takes one message a round trip; for more,
make groups smaller with \`message_group\`. A message has a deduplication id derived from its group, the id of its event and its text: SQS drops
a message that is delivered again within five minutes.

Each message is judged by itself. Retried: network faults, refused credentials, a missing queue, throttling, faults of the queue's key and of the service.
Set aside: a message that SQS refuses for its content or its size.`,
  create(options, context) {
    const toJson = recordJson(context.mapper);
    const fifo = isFifo(options.queue_url);
    const renderGroup = textTemplate('message_group', options.message_group, context.log);
    const peer = () => context.load('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'));
    const config = awsClientConfig(options, context);

    /** @param group undefined for a standard queue */
    async function send(
      client: SQSClient,
      { records, events }: BatchContent<unknown>,
      group: string | undefined,
      signal: AbortSignal,
    ): Promise<Delivery> {
      const { SendMessageBatchCommand } = await peer();
      const Entries = records.map((record, index) => {
        const text = toJson(record);
        const inGroup = group !== undefined && {
          MessageGroupId: group,
          MessageDeduplicationId: digest(group, events[index]!.id, text),
        };
        return { Id: String(index), MessageBody: text, ...inGroup };
      });
      const command = new SendMessageBatchCommand({ QueueUrl: options.queue_url, Entries });
      try {
        const { Failed = [] } = await abortable(client.send(command, { abortSignal: signal }), signal);
        return fromEntries(Failed);
      } catch (error) {
        const { name, message, $metadata } = error as AwsError;
        return CONTENT_REFUSED.has(name) || $metadata?.httpStatusCode === 413
          ? rejected(`SQS: ${name}: ${message}`)
          : fromAwsFault(awsFault(error, { ...options, service: 'SQS' }));
      }
    }

    const link = {
      open: async () => {
        const { SQSClient } = await peer();
        return new SQSClient({ ...config, useQueueUrlAsEndpoint: config.endpoint === undefined });
      },
      close: (client: SQSClient) => client.destroy(),
    };

    /** The way of the client to its endpoint, then the queue. */
    async function* diagnose(signal: AbortSignal): AsyncGenerator<Finding> {
      const url = new URL(options.endpoint ?? options.queue_url);
      const transport = httpTransport(options, context);
      const route = {
        url,
        proxy: transport.proxyOf(url),
        readTls: () => readTls(options.tls ?? {}, context.configDir),
      };
      if (!(yield* reachUrl(route, signal))) return;
      yield* probeConnection(link, signal, async function* (client) {
        yield await lookAt(client, signal);
      });
    }

    /** GetQueueAttributes shows that the queue is there and the credentials are known; sending needs another permission. */
    async function lookAt(client: SQSClient, signal: AbortSignal): Promise<Finding> {
      const { GetQueueAttributesCommand } = await peer();
      const what = 'queue';
      try {
        const command = new GetQueueAttributesCommand({
          QueueUrl: options.queue_url,
          AttributeNames: ['QueueArn'],
        });
        const { Attributes } = await abortable(client.send(command, { abortSignal: signal }), signal);
        return { status: 'ok', what, line: Attributes?.QueueArn ?? options.queue_url };
      } catch (error) {
        const { kind, line } = awsFault(error, { ...options, service: 'SQS' });
        if (kind !== 'forbidden') return { status: 'failed', what, line };
        const denied =
          'SQS answers and knows the credentials; sqs:GetQueueAttributes is denied, which sending does not need: check that sqs:SendMessage is allowed';
        return { status: 'warning', what, line: denied };
      }
    }

    const output = overConnection<SQSClient, unknown>(link, (client, batch, signal) =>
      // A batch that was sealed for a standard queue has no group.
      send(client, batch, fifo ? batch.partition || DEFAULT_GROUP : undefined, signal),
    );
    return {
      ...output,
      ...(fifo && { partition: (event: Event) => groupOf(renderGroup(event)) }),
      diagnose: (_options, signal) => diagnose(signal),
    };
  },
});

/** What became of each message, by those that SQS did not take. */
function fromEntries(entries: readonly BatchResultErrorEntry[]): Delivery {
  return deliveredExcept(
    entries.map(({ Id, SenderFault, Code, Message }) => ({
      index: Number(Id),
      reason: [Code, Message].filter(Boolean).join(': '),
      again: SenderFault !== true || KEY_REFUSED.test(Code ?? ''),
    })),
  );
}

function isFifo(queueUrl: string): boolean {
  return queueUrl.endsWith('.fifo');
}

/** Two names that become the same one share a group, which keeps the order of both. */
function groupOf(name: string): string {
  return name.replace(NOT_IN_GROUP, '_').slice(0, LONGEST_GROUP) || DEFAULT_GROUP;
}

/** The same for a message on every attempt; another one for another event, another text and another group. */
function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
