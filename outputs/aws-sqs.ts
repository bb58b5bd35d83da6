import { createHash } from 'node:crypto';
import type { BatchResultErrorEntry, SQSClient } from '@aws-sdk/client-sqs';
import {
  abortable,
  type Delivery,
  defineOutput,
  deliverChunks,
  deliveredExcept,
  loadPeer,
  overConnection,
  recordJson,
  rejected,
  Type,
} from '../core/sdk/index.ts';
import { type AwsError, awsClientConfig, awsFault, awsOptions, fromAwsFault } from './shared/aws/index.ts';

/** The most that SendMessageBatch takes (SQS API reference): ten messages, 1 MiB of them all. */
const AT_ONCE = { events: 10, size: 1024 * 1024 };
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
  options: Type.Object(
    {
      queue_url: Type.String({
        format: 'http-url',
        formerly: ['aws.sqs.url'],
        description: 'The queue.',
        examples: ['https://sqs.eu-west-1.amazonaws.com/123456789012/falco'],
      }),
      message_group: Type.Optional(
        Type.String({
          default: 'falco',
          minLength: 1,
          maxLength: 128,
          description: 'Message group of a FIFO queue.',
        }),
      ),
      ...awsOptions,
      region: { ...awsOptions.region, description: 'Region of the queue.' },
    },
    { additionalProperties: false },
  ),
  examples: [
    {
      title: 'Minimal',
      options: { queue_url: 'https://sqs.eu-west-1.amazonaws.com/123456789012/falco', region: 'eu-west-1' },
    },
  ],
  batch: { events: AT_ONCE.events, size: 200 * 1024, every: 500 },
  mapper: 'falco',
  packages: ['@aws-sdk/client-sqs'],
  notes: `Needs the permission \`sqs:SendMessage\`. Messages of a FIFO queue (\`.fifo\`) carry a
deduplication id derived from their text, so that a repeated batch does no harm there; a standard queue may get a message twice.

Each message is judged by itself. Retried: network faults, refused credentials, a missing queue, throttling, faults of the queue's key and of the service.
Set aside: a message that SQS refuses for its content or its size.`,
  create(options, context) {
    const toJson = recordJson(context.mapper);
    const isFifo = options.queue_url.endsWith('.fifo');
    const peer = () => loadPeer('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'));
    const config = awsClientConfig(options, context);

    async function send(client: SQSClient, texts: readonly string[], signal: AbortSignal): Promise<Delivery> {
      const { SendMessageBatchCommand } = await peer();
      const Entries = texts.map((text, index) => ({
        Id: String(index),
        MessageBody: text,
        ...(isFifo && {
          MessageGroupId: options.message_group ?? 'falco',
          MessageDeduplicationId: digest(text),
        }),
      }));
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

    return overConnection(
      {
        open: async () => {
          const { SQSClient } = await peer();
          return new SQSClient({ ...config, useQueueUrlAsEndpoint: config.endpoint === undefined });
        },
        close: (client) => client.destroy(),
      },
      (client, { records }, signal) =>
        deliverChunks(records.map(toJson), AT_ONCE, (texts) => send(client, texts, signal)),
    );
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

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
