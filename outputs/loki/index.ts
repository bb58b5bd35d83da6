import {
  authOption,
  defineOutput,
  type EventText,
  eventLabels,
  fieldTextOf,
  httpOptions,
  httpUrl,
  overHttp,
  recordJson,
  Type,
  templates,
} from '../../core/sdk/index.ts';
import { pushBody } from './push.ts';

/** What Falcosidekick makes labels, without the name of the pod: each pod would be a stream. */
const LABELS: Readonly<Record<string, EventText>> = {
  rule: ({ rule }) => rule,
  source: ({ source }) => source,
  priority: ({ priority }) => priority,
  k8s_ns_name: (event) => fieldTextOf(event, 'k8s.ns.name'),
  hostname: ({ hostname }) => hostname,
  tags: ({ tags }) => [...tags].sort().join(','),
};

const METADATA: Readonly<Record<string, EventText>> = {
  k8s_pod_name: (event) => fieldTextOf(event, 'k8s.pod.name'),
  container_id: (event) => fieldTextOf(event, 'container.id'),
};

/** `max_label_value_length` of Loki by default, bytes. */
const LONGEST_LABEL = 2048;

/** Structured metadata of one line, bytes: Loki takes 64 kB by default. */
const LONGEST_METADATA = 8192;

/** Names of labels, and of structured metadata. */
const names = '^[a-zA-Z][a-zA-Z0-9_]*$';

/** Pushes events to Grafana Loki. */
export default defineOutput({
  apiVersion: 1,
  type: 'loki',
  summary: 'Pushes events to Grafana Loki, with labels and structured metadata.',
  category: 'logs',
  stability: 'experimental',
  options: Type.Object({
    url: httpUrl({
      falcosidekick: ['loki.hostport'],
      description: 'Loki, or the gateway in front of it.',
      examples: ['http://loki-gateway.monitoring:80'],
    }),
    endpoint: Type.String({
      advanced: true,
      default: '/loki/api/v1/push',
      pattern: '^/',
      falcosidekick: ['loki.endpoint'],
      description: 'Path of the push API below `url`.',
    }),
    tenant: Type.Optional(
      Type.String({
        minLength: 1,
        format: 'header-value',
        falcosidekick: ['loki.tenant'],
        description: 'Tenant, sent as `X-Scope-OrgID`.',
      }),
    ),
    labels: templates({
      names,
      falcosidekick: [{ key: 'loki.extralabels', written: `labels: { NAME: '{{ fields["FIELD"] }}' }` }],
      description:
        'Labels in addition to `rule`, `source`, `priority`, `hostname`, `tags` (sorted, separated by commas) and `k8s_ns_name`: names and Liquid templates. The name of one of these replaces it, and an empty template removes it. A label must have few values: each combination is a stream.',
      examples: [{ cluster: 'production', tags: '' }],
    }),
    metadata: templates({
      names,
      description:
        'Structured metadata in addition to `k8s_pod_name` and `container_id`, in the same way; it may have many values. Queries filter by it: `{source="syscall"} | k8s_pod_name="web-1"`.',
      examples: [{ user: '{{ fields["user.name"] }}' }],
    }),
    structured_metadata: Type.Boolean({
      default: true,
      description:
        'Send structured metadata. Loki before 3.0 takes it only where `allow_structured_metadata` is set.',
    }),
    format: Type.Enum(['json', 'text'], {
      default: 'json',
      falcosidekick: ['loki.format'],
      description:
        'The line: `json` is what the mapper makes of the event, `text` the `output` of Falco alone.',
    }),
    ...httpOptions,
    auth: Type.Optional(authOption({ username: ['loki.user'], password: ['loki.apikey'] })),
  }),
  examples: [
    { title: 'Minimal', options: { url: 'http://loki-gateway.monitoring:80' } },
    {
      title: 'Grafana Cloud, with a label of your own',
      options: {
        url: 'https://logs-prod-eu-west-0.grafana.net',
        auth: { basic: { username: '123456', password: 'glc_a-secret-token' } },
        labels: { cluster: 'production' },
        gzip: true,
      },
    },
    {
      title: 'Labels and lines as Falcosidekick has them',
      options: {
        url: 'http://loki:3100',
        tenant: 'security',
        format: 'text',
        labels: { k8s_pod_name: '{{ fields["k8s.pod.name"] }}' },
        structured_metadata: false,
      },
    },
  ],
  batch: { events: 1_000, size: 1024 * 1024, every: 1_000 },
  // Loki never takes a push above `ingestion_burst_size_mb` (6 MB by default): it answers 429 each time.
  request: { size: 4 * 1024 * 1024 },
  mapper: 'falco',
  idempotent: true,
  notes: `Each line has the time of its event, to the nanosecond. Loki shows lines of one stream with the same time and the same text once, so an event that
is sent again is not seen twice. The credentials need the right to write logs (in Grafana Cloud: \`logs:write\`).

Retried: network faults, 401, 403, 404, 429 (a rate limit or too many streams), 5xx, and a refusal because structured metadata is not allowed: allow it in
Loki, or set \`structured_metadata: false\`. Set aside: lines that Loki refuses with 400, for good: longer than \`max_line_size\` (256 kB), older than
\`reject_old_samples_max_age\` (a week), too far in the future, or too far behind the newest line of their stream (an hour). Loki keeps the other
lines of such a request; it is halved until the refused ones are found, and what is sent again meanwhile is seen once.

A value of a label is cut at ${LONGEST_LABEL} bytes. Loki takes 15 labels a stream by default. VictoriaLogs takes the same requests: \`endpoint: /insert/loki/api/v1/push\`.`,
  create(options, { http, mapper, log }) {
    const { endpoint, tenant, format } = options;
    const toJson = recordJson(mapper);
    const labels = eventLabels(LABELS, 'labels', options.labels, { longest: LONGEST_LABEL, log });
    const metadata = options.structured_metadata
      ? eventLabels(METADATA, 'metadata', options.metadata, { longest: LONGEST_METADATA, log })
      : () => ({});
    const headers: Record<string, string> = tenant === undefined ? {} : { 'x-scope-orgid': tenant };
    return overHttp<unknown>(http, {
      url: endpoint,
      headers,
      body: ({ records, events }) =>
        pushBody(events, {
          labels,
          metadata,
          line(index) {
            const record = records[index];
            if (format === 'text') return events[index]!.output;
            return typeof record === 'string' ? record : toJson(record);
          },
        }),
      retryWhen: /structured metadata.*disallowed/i,
      // A stream without lines is taken, and stores nothing.
      check: {
        url: endpoint,
        method: 'POST',
        headers,
        body: '{"streams":[{"stream":{"job":"tiercel"},"values":[]}]}',
      },
    });
  },
});
