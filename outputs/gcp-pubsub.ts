import {
  authOption,
  defineOutput,
  delivered,
  type Event,
  type EventText,
  eventLabels,
  httpOptions,
  httpUrl,
  overHttp,
  recordJson,
  retry,
  Type,
  template,
  templates,
} from '../core/sdk/index.ts';

const ATTRIBUTES: Readonly<Record<string, EventText>> = {
  rule: ({ rule }) => rule,
  priority: ({ priority }) => priority,
  source: ({ source }) => source,
};

/** The longest value of an attribute, and the longest ordering key, bytes. */
const LONGEST = 1024;

const PERMISSION = 'pubsub.topics.publish';

/** Publishes events to Google Cloud Pub/Sub. */
export default defineOutput({
  apiVersion: 1,
  type: 'gcp_pubsub',
  summary: 'Publishes each event as a message to a topic of Google Cloud Pub/Sub.',
  category: 'queue',
  stability: 'experimental',
  options: Type.Object({
    project: Type.String({
      pattern: '^[a-z0-9.:-]+$',
      falcosidekick: ['gcp.pubsub.projectid'],
      description: 'Id of the project that owns the topic.',
      examples: ['my-project'],
    }),
    topic: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$',
      falcosidekick: ['gcp.pubsub.topic'],
      description: 'Id of the topic, without the project.',
      examples: ['falco'],
    }),
    attributes: templates({
      names: '^(?!goog).{1,256}$',
      falcosidekick: ['gcp.pubsub.customattributes'],
      description:
        'Attributes of a message in addition to `rule`, `priority` and `source`: names and Liquid templates. Filters of subscriptions read them. The name of one of these replaces it, and an empty template removes it.',
      examples: [{ cluster: 'production', hostname: '{{ hostname }}' }],
    }),
    ordering_key: Type.Optional(
      template({
        description:
          'A Liquid template for the ordering key: the events with the same key are published in the order in which they were accepted. An event for which it is empty has no key.',
        examples: ['{{ hostname }}'],
      }),
    ),
    url: httpUrl({
      advanced: true,
      default: 'https://pubsub.googleapis.com',
      description: 'The service: a regional endpoint, or the emulator.',
      examples: ['https://europe-west3-pubsub.googleapis.com'],
    }),
    ...httpOptions,
    auth: {
      ...authOption({
        gcp: [{ key: 'gcp.credentials', written: 'auth: { gcp: { credentials_file: FILE } }' }],
      }),
      default: { gcp: {} },
    },
  }),
  examples: [
    { title: 'Minimal', options: { project: 'my-project', topic: 'falco' } },
    {
      title: 'With a key file, in order, in one region',
      options: {
        project: 'my-project',
        topic: 'falco',
        auth: { gcp: { credentials_file: '/etc/tiercel/gcp.json' } },
        ordering_key: '{{ hostname }}',
        url: 'https://europe-west3-pubsub.googleapis.com',
      },
    },
    {
      title: 'The emulator, which checks no credentials',
      options: {
        project: 'test',
        topic: 'falco',
        url: 'http://localhost:8085',
        auth: { bearer: { token: 'none' } },
      },
    },
  ],
  batch: { events: 1_000, size: 1_000_000, every: 1_000 },
  // A request takes 1,000 messages and 10 MB: base64 adds a third, and the attributes come on top.
  request: { events: 1_000, size: 7_000_000 },
  ordering: ({ ordering_key }) => (ordering_key === undefined ? 'none' : 'partition'),
  mapper: 'falco',
  packages: { 'google-auth-library': '^10.0.0' },
  notes: `The account needs \`${PERMISSION}\` on the topic: the role *Pub/Sub Publisher*. Without \`auth\` it is found as by other programs of Google Cloud
(Application Default Credentials). Falcosidekick's \`gcp.credentials\` is base64: decode it into a file.

With \`ordering_key\`, a request carries events of one key, and one request of a key is under way at a time; subscriptions need message ordering enabled, and
a regional \`url\` keeps the publishers of a key in one region. A repeated batch is published again: subscribers tell it by the event.

Retried: network faults, 401, 403, 404 (no such topic), 409, 429, 499, 5xx, and 400 with \`FAILED_PRECONDITION\` (billing, the key of the topic, its storage
policy). Set aside: 400 with another status, such as a message that the schema of the topic refuses, after the request was halved until it is found. Values of
attributes and ordering keys are cut at ${LONGEST} bytes.`,
  create(options, { http, mapper, log }) {
    const { project, topic, ordering_key: key = '' } = options;
    const path = `/v1/projects/${encodeURIComponent(project)}/topics/${encodeURIComponent(topic)}`;
    const toJson = recordJson(mapper);
    const attributesOf = eventLabels(ATTRIBUTES, 'attributes', options.attributes, { longest: LONGEST, log });
    const keysOf = eventLabels({}, 'ordering', { key }, { longest: LONGEST, log });
    const messageOf = (record: unknown, event: Event) => {
      const { key: orderingKey } = keysOf(event);
      const data = Buffer.from(toJson(record)).toString('base64');
      return { data, attributes: attributesOf(event), ...(orderingKey !== undefined && { orderingKey }) };
    };
    return {
      ...overHttp<unknown>(http, {
        url: `${path}:publish`,
        body: ({ records, events }) =>
          JSON.stringify({ messages: records.map((record, index) => messageOf(record, events[index]!)) }),
        async accepted(response, { count }) {
          const { messageIds = [] } = (await response.json()) as { messageIds?: readonly string[] };
          if (messageIds.length === count) return delivered();
          return retry(`it answered with ${messageIds.length} ids for ${count} messages`);
        },
        retryWhen: /FAILED_PRECONDITION/,
        check: {
          url: `${path}:testIamPermissions`,
          method: 'POST',
          body: JSON.stringify({ permissions: [PERMISSION] }),
          async problem(response) {
            const { permissions = [] } = (await response.json()) as { permissions?: readonly string[] };
            if (permissions.includes(PERMISSION)) return undefined;
            return `the account has no ${PERMISSION} on the topic ${topic}, or there is no such topic: grant the role Pub/Sub Publisher`;
          },
        },
      }),
      partition: (event) => keysOf(event).key ?? '',
    };
  },
});
