import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { type FakePubsub, startFakePubsub } from '../support/fake-pubsub.ts';
import { getObject, listKeys } from './lake-files.ts';
import { numberIn, survivesAnOutage } from './outage.ts';
import { startAlertmanager } from './servers/alertmanager.ts';
import { createBucket, MINIO_KEYS, minioClient, startMinio } from './servers/minio.ts';
import { MOTO_KEYS, startMoto } from './servers/moto.ts';
import { startNats, talk } from './servers/nats.ts';
import { startOpensearch } from './servers/opensearch.ts';
import { type Receiver, startReceiver } from './servers/receiver.ts';
import type { Server } from './servers/server.ts';
import { linesOf, startVictoriaLogs } from './servers/victoria-logs.ts';

survivesAnOutage([], 'webhook', {
  start: startReceiver,
  output: ({ url }) => `    type: webhook\n    url: ${url}/falco`,
  arrived: async (server) =>
    (server as Receiver).bodies
      .flatMap((body) => JSON.parse(body) as { rule: string }[])
      .map(({ rule }) => numberIn(rule)),
});

survivesAnOutage([], 'slack', {
  start: startReceiver,
  output: ({ url }) => `    type: slack\n    webhook_url: ${url}/services/T/B/X`,
  arrived: async (server) => (server as Receiver).bodies.map(numberIn),
});

survivesAnOutage([], 'teams', {
  start: startReceiver,
  output: ({ url }) => `    type: teams\n    webhook_url: ${url}/workflows/0123/triggers/manual/paths/invoke`,
  arrived: async (server) => (server as Receiver).bodies.map(numberIn),
});

survivesAnOutage([], 'gcp_pubsub, on a fake', {
  start: async () => Object.assign(await startFakePubsub(), { output: () => '' }),
  output: ({ url }) => `    type: gcp_pubsub
    project: p
    topic: falco
    ordering_key: "{{ hostname }}"
    url: ${url}
    auth: { bearer: { token: none } }`,
  arrived: async (server) =>
    (server as Server & FakePubsub).published.map(({ data }) =>
      numberIn((JSON.parse(data) as { rule: string }).rule),
    ),
});

survivesAnOutage(['victoria-logs'], 'loki, on VictoriaLogs', {
  start: startVictoriaLogs,
  output: ({ url }) => `    type: loki\n    url: ${url}\n    endpoint: /insert/loki/api/v1/push`,
  arrived: async (server) => (await linesOf(server)).map(({ rule = '' }) => numberIn(rule)),
});

survivesAnOutage(['alertmanager'], 'alertmanager', {
  start: startAlertmanager,
  output: ({ url }) => `    type: alertmanager\n    hosts: ["${url}"]`,
  once: true,
  forgets: true,
  arrived: async ({ url }) => {
    const alerts = (await (await fetch(`${url}/api/v2/alerts`)).json()) as { labels: { rule: string } }[];
    return alerts.map(({ labels }) => numberIn(labels.rule));
  },
});

survivesAnOutage(['java', '../opensearch/opensearch-2.19.1.jar'], 'elasticsearch, on OpenSearch', {
  start: startOpensearch,
  output: ({ url }) =>
    `    type: elasticsearch\n    url: ${url}\n    create_index_template: true\n    number_of_replicas: 0`,
  once: true,
  arrived: async ({ url }) => {
    await fetch(`${url}/falco-*/_refresh`, { method: 'POST' });
    const response = await fetch(`${url}/falco-*/_search?size=1000&_source=rule`);
    const { hits } = (await response.json()) as { hits: { hits: { _source: { rule: string } }[] } };
    return hits.hits.map(({ _source: source }) => numberIn(source.rule));
  },
});

const queues = ({ url }: Server) =>
  new SQSClient({ endpoint: url, region: 'us-east-1', credentials: MOTO_KEYS });
/** What was taken out of the queue so far: reading is taking. */
const taken: number[] = [];

survivesAnOutage(['../venv/bin/moto_server'], 'aws_sqs, on moto', {
  start: startMoto,
  prepare: async (server) => {
    await queues(server).send(new CreateQueueCommand({ QueueName: 'falco' }));
  },
  // The queue is gone with the server: until it is there again, SQS says that there is no such queue.
  forgets: true,
  output: ({ url }) => `    type: aws_sqs
    queue_url: ${url}/123456789012/falco
    region: us-east-1
    endpoint: ${url}
    access_key_id: ${MOTO_KEYS.accessKeyId}
    secret_access_key: ${MOTO_KEYS.secretAccessKey}`,
  arrived: async (server) => {
    const client = queues(server);
    const QueueUrl = `${server.url}/123456789012/falco`;
    for (;;) {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return taken;
      taken.push(...Messages.map(({ Body = '' }) => numberIn(Body)));
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  },
});

const askJetStream = (url: string, api: string, body: object): Promise<string> => {
  const text = JSON.stringify(body);
  return talk(url, [
    'CONNECT {"verbose":false}',
    'SUB inbox 1',
    `PUB $JS.API.${api} inbox ${text.length}`,
    text,
  ]);
};

survivesAnOutage(['nats-server'], 'nats', {
  start: startNats,
  prepare: async ({ url }) => {
    await askJetStream(url, 'STREAM.CREATE.falco', { name: 'falco', subjects: ['falco.>'] });
  },
  once: true,
  output: ({ url }) => `    type: nats\n    servers: ["${url}"]`,
  arrived: async ({ url }) => {
    const said = await askJetStream(url, 'STREAM.INFO.falco', { subjects_filter: '>' });
    const { state } = JSON.parse(said.slice(said.indexOf('\r\n{') + 2).split('\r\n')[0]!) as {
      state: { subjects?: Record<string, number> };
    };
    return Object.entries(state.subjects ?? {}).flatMap(([subject, count]) =>
      Array.from({ length: count }, () => numberIn(subject)),
    );
  },
});

survivesAnOutage(['minio'], 'parquet_lake, on MinIO', {
  start: startMinio,
  prepare: (server) => createBucket(minioClient(server), 'lake'),
  once: true,
  env: { AWS_ACCESS_KEY_ID: MINIO_KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: MINIO_KEYS.secretAccessKey },
  output: ({ url }) => `    type: parquet_lake
    mapper: ecs
    bucket: lake
    prefix: falco
    region: us-east-1
    endpoint: ${url}
    force_path_style: true
    batch: { every: 500ms }`,
  arrived: async (server) => {
    const client = minioClient(server);
    const numbers: number[] = [];
    for (const key of await listKeys(client, 'lake')) {
      const { buffer, byteOffset, byteLength } = await getObject(client, 'lake', key);
      const file = (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
      const rows = await parquetReadObjects({ file, columns: ['rule'], compressors });
      numbers.push(...rows.map(({ rule }) => numberIn((rule as { name: string }).name)));
    }
    return numbers;
  },
});

/** A folder that goes away, as a mount does. */
async function startFolder(): Promise<Server & { readonly folder: string }> {
  const root = await mkdtemp(join(tmpdir(), 'tiercel-folder-'));
  const [folder, away] = [join(root, 'here'), join(root, 'away')];
  await mkdir(folder);
  return {
    url: '',
    port: 0,
    folder,
    output: () => '',
    outage: () => rename(folder, away),
    restore: () => rename(away, folder),
    stop: () => rm(root, { recursive: true, force: true }),
  };
}

survivesAnOutage([], 'file', {
  start: startFolder,
  output: (server) =>
    `    type: file\n    path: ${join((server as { folder?: string }).folder ?? '', 'out.ndjson')}`,
  once: true,
  arrived: async (server) => {
    const text = await readFile(join((server as { folder?: string }).folder ?? '', 'out.ndjson'), 'utf8');
    return text.trimEnd().split('\n').map(numberIn);
  },
});
