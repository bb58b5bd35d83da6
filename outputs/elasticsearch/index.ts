import {
  defineOutput,
  fromResponse,
  httpClient,
  httpOptions,
  httpUrl,
  recordJson,
  retry,
  secret,
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
    api_key: Type.Optional(
      secret({
        falcosidekick: ['elasticsearch.apikey'],
        description: 'Encoded API key, sent as `Authorization: ApiKey …`.',
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
  }),
  examples: [
    { title: 'Minimal', options: { url: 'http://elasticsearch:9200', create_index_template: true } },
    {
      title: 'With an API key and the index template',
      options: {
        url: 'https://elasticsearch:9200',
        api_key: 'the-encoded-key',
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
  create(options, context) {
    const { url, index = 'falco', suffix = 'daily', api_key: apiKey, ...rest } = options;
    const base = url.replace(/\/+$/, '');
    const http = httpClient(
      apiKey === undefined
        ? rest
        : { ...rest, headers: { ...rest.headers, authorization: `ApiKey ${apiKey}` } },
      context,
    );
    const toJson = recordJson(context.mapper);
    const linesOf = (records: readonly unknown[]) =>
      records.map((record) => bulkLines(toJson(record), { index, suffix }, options.pipeline)).join('');
    return {
      preview: ({ records }) => linesOf(records),
      async deliver({ records }, signal) {
        const body = linesOf(records);
        const response = await http.request(
          `${base}/_bulk?filter_path=errors,items.*.status,items.*.error`,
          { body, headers: { 'content-type': 'application/x-ndjson' } },
          signal,
        );
        if (response.ok) return fromBulk((await response.json()) as BulkAnswer, records.length);
        const delivery = await fromResponse(response);
        if (delivery.status === 'delivered') return retry('no answer about the documents');
        return { ...delivery, reason: `_bulk ${http.redact(delivery.reason, url)}` };
      },
      async start(signal) {
        if (options.create_index_template !== true) return;
        const refusal = await putIndexTemplate({ ...options, index }, (body) =>
          http.request(`${base}/_index_template/${index}`, { method: 'PUT', body }, signal),
        );
        if (refusal !== undefined) throw new Error(`the index template: ${http.redact(refusal, url)}`);
      },
      async check(signal) {
        const response = await http.request(`${base}/`, { method: 'GET' }, signal);
        const answer = await fromResponse(response);
        if (answer.status !== 'delivered') throw new Error(http.redact(answer.reason, url));
      },
      stop: async () => http.close(),
    };
  },
});
