import { createHash } from 'node:crypto';
import type { BatchResultErrorEntry, SQSClient } from '@aws-sdk/client-sqs';
import {
  type Delivery,
  defineOutput,
  deliverChunks,
  deliveredExcept,
  loadPeer,
  parseRetryAfter,
  recordJson,
  rejected,
  retry,
  Type,
} from '../core/index.ts';
import { credentialsFor, s3Options } from '../lake/index.ts';

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

const { region, profile, access_key_id, secret_access_key, session_token, assume_role } = s3Options;

/** Sends each event to an SQS queue. */
export default defineOutput({
  apiVersion: 1,
  type: 'aws_sqs',
  summary: 'Sends each event as a message to an Amazon SQS queue, ten at a time.',
  options: Type.Object(
    {
      queue_url: Type.String({
        pattern: '^https?://',
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
      region: { ...region, description: 'Region of the queue.' },
      endpoint: Type.Optional(
        Type.String({
          pattern: '^https?://',
          description: 'URL of an SQS-compatible service; leave out for AWS.',
        }),
      ),
      profile,
      access_key_id,
      secret_access_key,
      session_token,
      assume_role,
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
  notes: `Needs the package \`@aws-sdk/client-sqs\` (\`npm install @aws-sdk/client-sqs\`) and \`sqs:SendMessage\`. Messages of a FIFO queue (\`.fifo\`) carry a
deduplication id derived from their text, so that a repeated batch does no harm there; a standard queue may get a message twice.

Each message is judged by itself. Retried: network faults, refused credentials, a missing queue, throttling, faults of the queue's key and of the service.
Set aside: a message that SQS refuses for its content or its size.`,
  create(options, context) {
    const toJson = recordJson(context.mapper);
    const isFifo = options.queue_url.endsWith('.fifo');
    const peer = () => loadPeer('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'));
    const credentials = credentialsFor(options);
    let client: SQSClient | undefined;

    async function open(): Promise<SQSClient> {
      const { SQSClient } = await peer();
      client ??= new SQSClient({
        ...credentials,
        region: options.region,
        maxAttempts: 1,
        ...(options.endpoint !== undefined && { endpoint: options.endpoint, useQueueUrlAsEndpoint: false }),
      });
      return client;
    }

    async function send(texts: readonly string[], signal: AbortSignal): Promise<Delivery> {
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
        return fromEntries((await (await open()).send(command, { abortSignal: signal })).Failed ?? []);
      } catch (error) {
        return fromFault(error as SdkError);
      }
    }

    return {
      deliver: ({ records }, signal) =>
        deliverChunks(records.map(toJson), AT_ONCE, (texts) => send(texts, signal)),
      async start() {
        await open();
      },
      async stop() {
        client?.destroy();
        client = undefined;
      },
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

/** What the SDK tells of an answer that is no success. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

function fromFault({ name, message, $metadata, $response }: SdkError): Delivery {
  const status = $metadata?.httpStatusCode;
  const reason = `SQS: ${name}: ${message}`;
  if (CONTENT_REFUSED.has(name) || status === 413) return rejected(reason);
  const after = parseRetryAfter($response?.headers?.['retry-after'] ?? null, Date.now());
  return retry(reason, {
    ...(after !== undefined && { after }),
    ...((status === 401 || status === 403) && { denied: true }),
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
