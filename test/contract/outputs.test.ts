import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { expect, test, vi } from 'vitest';
import type {
  Answer,
  OutputContract,
  Place,
  ReceivedRequest,
  TestDestination,
} from '../../core/testing/index.ts';
import { tcpDestination, testOutput } from '../../core/testing/index.ts';
import ecs from '../../mappers/ecs/index.ts';
import { mappers } from '../../mappers/index.ts';
import ocsf from '../../mappers/ocsf/index.ts';
import { outputs } from '../../outputs/index.ts';
import { kafkaBroker, type Produced, type Verdict } from '../support/kafka-broker.ts';
import { natsServer } from '../support/nats-server.ts';
import { splitFrames } from '../support/syslog.ts';

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

/** A lake below `lake` in the folder of the test; while it is down, a file is in its place. */
function lakeIn({ directory }: Pick<Place, 'directory'>): TestDestination {
  const lake = join(directory, 'lake');
  return {
    async arrived() {
      const names = await readdir(lake, { recursive: true });
      const files = names.filter((name) => name.endsWith('.parquet'));
      const rows = await Promise.all(
        files.map(async (name) =>
          parquetReadObjects({ file: await asyncBufferFromFile(join(lake, name)), compressors }),
        ),
      );
      return rows
        .flat()
        .map((row) =>
          JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        );
    },
    async cut() {
      await rm(lake, { recursive: true, force: true });
      await writeFile(lake, 'in the way');
    },
    recover: () => rm(lake),
  };
}

/** A file in a folder that can go away. */
async function fileIn({ directory }: Pick<Place, 'directory'>): Promise<TestDestination> {
  const folder = join(directory, 'logs');
  await mkdir(folder);
  return {
    arrived: () => readFile(join(folder, 'events.ndjson'), 'utf8'),
    cut: () => rm(folder, { recursive: true }),
    recover: () => mkdir(folder) as Promise<unknown> as Promise<void>,
  };
}

/** Standard output, whose reader can stop to read or go away. */
function standardOutput(): TestDestination {
  let printed = '';
  let mode: 'well' | 'hangs' | 'closed' = 'well';
  const write = (text: string, done: (error?: Error) => void) => {
    if (mode === 'well') printed += text;
    if (mode !== 'hangs') queueMicrotask(() => done(mode === 'closed' ? new Error('EPIPE') : undefined));
    return true;
  };
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation(write as typeof process.stdout.write);
  const change = (next: typeof mode) => () => {
    mode = next;
  };
  return {
    arrived: () => printed,
    hidden: true,
    hang: change('hangs'),
    cut: change('closed'),
    recover: change('well'),
    close: () => spy.mockRestore(),
  };
}

/** A broker that has every topic. It answers about partitions, so the contract has a topic for each event. */
async function kafkaDestination(): Promise<TestDestination> {
  const broker = await kafkaBroker({ topics: {}, newTopics: 3, password: SECRET });
  const { state } = broker;
  const judge = (verdict: (one: Produced) => Verdict) => {
    state.judge = verdict;
  };
  return {
    url: broker.address,
    // All of a record, as the preview shows it.
    arrived: () =>
      broker.log.map(({ topic, headers, value }) =>
        [`topic: ${topic}`, ...Object.entries(headers).map((one) => `header ${one.join(': ')}`), value].join(
          '\n',
        ),
      ),
    hang: () => {
      state.silent = true;
    },
    cut: broker.stop,
    async recover() {
      state.silent = false;
      judge(() => 'store');
      await broker.resume();
    },
    refuse: (message) => judge(() => ({ code: UNKNOWN_SERVER_ERROR, message })),
    refuseRecords: (isBad, fault) =>
      judge(({ records }) => {
        if (!records.some(({ value }) => isBad(value))) return 'store';
        return { code: fault === 'refused' ? INVALID_RECORD : NOT_ENOUGH_REPLICAS };
      }),
    close: broker.stop,
  };
}

/** Codes of the Kafka protocol. */
const UNKNOWN_SERVER_ERROR = -1;
const NOT_ENOUGH_REPLICAS = 19;
const INVALID_RECORD = 87;

/** How each built-in is held against the contract; the real servers are in the services tier. */
const contracts: Record<keyof typeof outputs, Omit<OutputContract, 'test'>> = {
  alertmanager: {
    options: ({ url }) => ({ hosts: [url], auth: { bearer: { token: SECRET } } }),
  },
  aws_security_lake: {
    destination: lakeIn,
    mapper: { definition: ocsf, module: mappers.ocsf.module },
    options: () => ({ directory: 'lake', source: 'falco', region: 'eu-west-1', account_id: '123456789012' }),
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
    destination: fileIn,
    options: () => ({ path: 'logs/events.ndjson' }),
  },
  kafka: {
    destination: kafkaDestination,
    options: ({ url }) => ({
      brokers: [url],
      topic: 'falco.{{ rule }}',
      sasl: { mechanism: 'PLAIN', username: 'falco', password: SECRET },
    }),
  },
  gcp_pubsub: {
    options: ({ url }) => ({ project: 'p', topic: 'falco', url, auth: { bearer: { token: SECRET } } }),
    decode: (body) => messagesIn(body.toString()).join('\n'),
    answer: ({ body }) => publishAnswer(body),
  },
  loki: {
    options: ({ url }) => ({ url, auth: { basic: { username: 'tenant', password: SECRET } } }),
    answer: { status: 204 },
  },
  nats: {
    destination: () =>
      natsServer(({ subject }) =>
        subject.startsWith('$JS.API.STREAM.NAMES')
          ? '{"total":1,"offset":0,"limit":1024,"streams":["falco"]}'
          : '{"stream":"falco","seq":1}',
      ),
    options: ({ url }) => ({ servers: [url], token: SECRET }),
  },
  parquet_lake: {
    destination: lakeIn,
    mapper: { definition: ecs, module: mappers.ecs.module },
    options: () => ({ directory: 'lake', partition_by: 'hour' }),
  },
  slack: {
    options: ({ url }) => ({ webhook_url: `${url}/services/T000/B000/${SECRET}` }),
  },
  stdout: {
    destination: standardOutput,
    options: () => ({}),
  },
  syslog: {
    destination: () => tcpDestination(),
    decode: (bytes) => splitFrames(bytes, 'octet_counting').messages.join('\n'),
    options: ({ host, port }) => ({ host, port, confirm: true }),
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
