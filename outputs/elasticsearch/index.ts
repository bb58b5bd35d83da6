import {
  authOption,
  defineOutput,
  httpOptions,
  httpUrl,
  overHttp,
  recordJson,
  Type,
} from '../../core/sdk/index.ts';
import { type BulkAnswer, fromBulk } from './bulk-answer.ts';
import { bulkLines } from './document.ts';
import { putIndexTemplate } from './template.ts';

/** Indexes events in Elasticsearch or OpenSearch. */
export default defineOutput({
  apiVersion: 1,
  type: 'elasticsearch',
  summary: 'Indexes events in Elasticsearch or OpenSearch, in bulk.',
  category: 'logs',
  stability: 'stable',
  options: Type.Object({
    url: httpUrl({
      falcosidekick: ['elasticsearch.hostport'],
      description: 'The cluster.',
      examples: ['https://elasticsearch:9200'],
    }),
    index: Type.String({
      default: 'falco',
      pattern: '^[^A-Z\\s\\\\/*?"<>|,#:]+$',
      falcosidekick: ['elasticsearch.index'],
      description: 'The index or data stream, in small letters; the suffix is added.',
    }),
    suffix: Type.Unsafe<'daily' | 'monthly' | 'annually' | 'none'>({
      type: 'string',
      enum: ['daily', 'monthly', 'annually', 'none'],
      default: 'daily',
      falcosidekick: ['elasticsearch.suffix'],
      description:
        'An index per day, month or year of the events, in UTC. `none` for a data stream or an alias.',
    }),
    pipeline: Type.Optional(
      Type.String({
        minLength: 1,
        falcosidekick: ['elasticsearch.pipeline'],
        description: 'An ingest pipeline to send documents through.',
      }),
    ),
    create_index_template: Type.Boolean({
      default: false,
      falcosidekick: ['elasticsearch.createindextemplate'],
      description:
        'Put an index template for `{index}*` at the start, by which no event is refused for the type of a value. Without it, see to the mapping yourself.',
    }),
    number_of_shards: Type.Integer({
      advanced: true,
      minimum: 1,
      default: 1,
      description: 'Of the index template.',
      falcosidekick: ['elasticsearch.numberofshards'],
    }),
    number_of_replicas: Type.Integer({
      advanced: true,
      minimum: 0,
      default: 1,
      description: 'Of the index template.',
      falcosidekick: ['elasticsearch.numberofreplicas'],
    }),
    ...httpOptions,
    auth: Type.Optional(
      authOption({
        username: ['elasticsearch.username'],
        password: ['elasticsearch.password'],
        header: [
          {
            key: 'elasticsearch.apikey',
            written: 'auth: { header: { name: Authorization, value: ApiKey KEY } }',
          },
        ],
      }),
    ),
  }),
  examples: [
    { title: 'Minimal', options: { url: 'http://elasticsearch:9200', create_index_template: true } },
    {
      title: 'With an API key and the index template',
      options: {
        url: 'https://elasticsearch:9200',
        auth: { header: { name: 'Authorization', value: 'ApiKey the-encoded-key' } },
        create_index_template: true,
        gzip: true,
      },
    },
  ],
  batch: { events: 1_000, size: 5 * 1024 * 1024, every: 1_000 },
  mapper: 'falco',
  idempotent: true,
  notes: `Documents are created under an id derived from their content: a repeated batch, or a repeated alert, finds its documents there and makes no second
one. The index is that of the event's own UTC day, month or year. A record without \`@timestamp\` gets the event's time as such.

Elasticsearch guesses the type of a field from the first value it sees, and refuses what does not fit: \`evt.time.iso8601\` after \`evt.time\`, a text
after a number. With \`create_index_template\` the fields of an event are one flat field (\`flattened\`, on OpenSearch \`flat_object\`) and nothing is refused.

Each document is judged by itself. Retried: 429, 5xx, refused credentials, a missing index or pipeline. Set aside: a document that does not fit
the mapping of its index. A request refused with 413 is halved until it fits.`,
  create(options, { http, mapper }) {
    const { index, create_index_template: hasTemplate } = options;
    const toJson = recordJson(mapper);
    return {
      ...overHttp<unknown>(http, {
        url: '/_bulk?filter_path=errors,items.*.status,items.*.error',
        headers: { 'content-type': 'application/x-ndjson' },
        body: ({ records }) => records.map((record) => bulkLines(toJson(record), options)).join(''),
        accepted: async (response, { count }) => fromBulk((await response.json()) as BulkAnswer, count),
        check: { url: '/' },
      }),
      async start(signal) {
        if (!hasTemplate) return;
        const path = `/_index_template/${index}`;
        const refusal = await putIndexTemplate(options, (body) =>
          http.request(path, { method: 'PUT', body }, signal),
        );
        if (refusal !== undefined) throw new Error(`the index template: ${http.redact(refusal, path)}`);
      },
    };
  },
});
