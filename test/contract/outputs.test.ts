import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Answer, OutputContract, Place, ReceivedRequest } from '../../core/testing/index.ts';
import { testOutput } from '../../core/testing/index.ts';
import ecs from '../../mappers/ecs/index.ts';
import { mappers } from '../../mappers/index.ts';
import ocsf from '../../mappers/ocsf/index.ts';
import { outputs } from '../../outputs/index.ts';
import { natsServer } from '../support/nats-server.ts';

const SECRET = 'a-very-secret-token';

/** What Elasticsearch says of a document that it does not take. */
const REFUSALS = {
  refused: { status: 400, error: { type: 'document_parsing_exception', reason: 'failed to parse' } },
  busy: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'queue is full' } },
};

/** What Elasticsearch answers to `_bulk`: every document is there, but for the bad ones. */
function bulkAnswer(
  { body }: Pick<ReceivedRequest, 'body'>,
  isBad: (text: string) => boolean = () => false,
  refusal: object = {},
): Answer {
  const lines = body.trimEnd().split('\n');
  const documents = lines.filter((_, index) => index % 2 === 1);
  const items = documents.map((text) => ({ create: isBad(text) ? refusal : { status: 201 } }));
  return {
    status: 200,
    body: JSON.stringify({ errors: items.some((item) => 'error' in item.create), items }),
  };
}

type Message = { readonly Id: string; readonly MessageBody: string };

/** What SQS answers to a batch of messages; the SDK compares the digests. */
function sqsAnswer(
  { body }: ReceivedRequest,
  refusal: (message: Message) => object | undefined = () => undefined,
): Answer {
  const { Entries = [] } = JSON.parse(body) as { Entries?: Message[] };
  const Failed = Entries.flatMap((message) => refusal(message) ?? []);
  const Successful = Entries.filter((message) => refusal(message) === undefined).map(
    ({ Id, MessageBody }) => ({
      Id,
      MessageId: `message-${Id}`,
      MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
    }),
  );
  return { status: 200, body: JSON.stringify({ Successful, Failed }) };
}

/** The data of the messages of a request to publish. */
function messagesIn(body: string): string[] {
  const { messages = [] } = JSON.parse(body) as { messages?: { data: string }[] };
  return messages.map(({ data }) => Buffer.from(data, 'base64').toString());
}

/** What Pub/Sub answers: an id for each message, or the permission that the check asks for. */
function publishAnswer(body: string): Answer {
  const messageIds = messagesIn(body).map((_, index) => String(index));
  return { status: 200, body: JSON.stringify({ messageIds, permissions: ['pubsub.topics.publish'] }) };
}

/** All rows of the Parquet files below a folder, as text. */
async function rowsBelow({ directory }: Place): Promise<string> {
  const names = await readdir(directory, { recursive: true });
  const files = names.filter((name) => name.startsWith('lake') && name.endsWith('.parquet'));
  const rows = await Promise.all(
    files.map(async (name) =>
      parquetReadObjects({ file: await asyncBufferFromFile(join(directory, name)), compressors }),
    ),
  );
  return JSON.stringify(rows.flat(), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

let printed = '';
/** From here on what is printed is kept. */
function capture(): void {
  printed = '';
  const write = (text: string, done: () => void) => {
    printed += text;
    queueMicrotask(done);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write as typeof process.stdout.write);
}
afterEach(() => void vi.restoreAllMocks());

let server: Awaited<ReturnType<typeof natsServer>>;
beforeAll(async () => {
  server = await natsServer(() => '{"stream":"falco","seq":1}');
});
afterAll(() => server.stop());

/** How each built-in is held against the contract; the real servers are in the services tier. */
const contracts: Record<keyof typeof outputs, Omit<OutputContract, 'test'>> = {
  alertmanager: {
    options: ({ url }) => ({ hosts: [url], auth: { bearer: { token: SECRET } } }),
  },
  aws_security_lake: {
    http: false,
    mapper: { definition: ocsf, options: {}, module: mappers.ocsf.module },
    options: () => ({ directory: 'lake', source: 'falco', region: 'eu-west-1', account_id: '123456789012' }),
    arrived: rowsBelow,
  },
  aws_sqs: {
    options: ({ url }) => ({
      queue_url: `${url}/123456789012/falco`,
      region: 'eu-west-1',
      endpoint: url,
      access_key_id: 'AKIA0',
      secret_access_key: SECRET,
    }),
    answer: (request) => sqsAnswer(request),
    answerByRecord: (request, isBad, fault) =>
      sqsAnswer(request, ({ Id, MessageBody }) =>
        isBad(MessageBody)
          ? {
              Id,
              SenderFault: fault === 'refused',
              Code: fault === 'refused' ? 'InvalidMessageContents' : 'InternalError',
            }
          : undefined,
      ),
  },
  elasticsearch: {
    options: ({ url }) => ({ url, auth: { header: { name: 'Authorization', value: `ApiKey ${SECRET}` } } }),
    answer: (request) => bulkAnswer(request),
    answerByRecord: ({ body }, isBad, fault) => bulkAnswer({ body }, isBad, REFUSALS[fault]),
  },
  file: {
    http: false,
    options: ({ directory }) => ({ path: join(directory, 'events.ndjson') }),
    arrived: ({ directory }) => readFile(join(directory, 'events.ndjson'), 'utf8'),
  },
  gcp_pubsub: {
    http: false,
    options: ({ url }) => ({ project: 'p', topic: 'falco', url, auth: { bearer: { token: SECRET } } }),
    answer: ({ body }) => publishAnswer(body),
    arrived: async (_, { requests }) => requests.flatMap(({ body }) => messagesIn(body)).join('\n'),
  },
  loki: {
    options: ({ url }) => ({ url, auth: { basic: { username: 'tenant', password: SECRET } } }),
    answer: { status: 204 },
  },
  nats: {
    http: false,
    options: () => {
      server.published.length = 0;
      return { servers: [server.url], token: SECRET };
    },
    arrived: async () => server.published.map(({ payload }) => payload).join('\n'),
  },
  parquet_lake: {
    http: false,
    mapper: { definition: ecs, options: {}, module: mappers.ecs.module },
    options: () => ({ directory: 'lake', partition_by: 'hour' }),
    arrived: rowsBelow,
  },
  slack: {
    options: ({ url }) => ({ webhook_url: `${url}/services/T000/B000/${SECRET}` }),
  },
  stdout: {
    http: false,
    options: () => {
      capture();
      return {};
    },
    arrived: async () => printed,
  },
  teams: {
    options: ({ url }) => ({
      webhook_url: `${url}/workflows/0123/triggers/manual/paths/invoke?sig=${SECRET}`,
    }),
    answer: { status: 202 },
  },
  webhook: {
    options: ({ url }) => ({ url: `${url}/hook`, auth: { bearer: { token: SECRET } } }),
  },
};

for (const [type, { load }] of Object.entries(outputs)) {
  testOutput(await load(), { test, ...contracts[type as keyof typeof outputs] });
}

test('the contract is held by every built-in output', () => {
  expect(Object.keys(contracts).sort()).toEqual(Object.keys(outputs).sort());
});
