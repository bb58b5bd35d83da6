import {
  asEvents,
  defineOutput,
  type Event,
  httpConnection,
  httpUrl,
  overHttp,
  Type,
  template,
  textTemplate,
} from '../../core/sdk/index.ts';
import { slackPayload } from './payload.ts';

/** Writes each event into a Slack channel. */
export default defineOutput({
  apiVersion: 1,
  type: 'slack',
  summary: 'Posts each event to a Slack channel through an incoming webhook.',
  category: 'chat',
  stability: 'experimental',
  options: Type.Object({
    webhook_url: httpUrl({
      falcosidekick: ['slack.webhookurl'],
      description: 'The incoming webhook.',
      examples: ['https://hooks.slack.com/services/T000/B000/XXXX'],
    }),
    channel: Type.Optional(
      Type.String({
        falcosidekick: ['slack.channel'],
        description: 'Another channel, where the webhook may choose one.',
      }),
    ),
    username: Type.String({
      default: 'Tiercel',
      falcosidekick: ['slack.username'],
      description: 'Who the message is from.',
    }),
    icon: Type.Optional(
      Type.String({
        falcosidekick: ['slack.icon'],
        description: 'Address of the picture beside the message.',
      }),
    ),
    footer: Type.Optional(
      Type.String({ falcosidekick: ['slack.footer'], description: 'A line below the fields.' }),
    ),
    format: Type.Union([Type.Literal('all'), Type.Literal('text'), Type.Literal('fields')], {
      default: 'all',
      falcosidekick: ['slack.outputformat'],
      description: 'What to show of an event: its text, its fields, or both.',
    }),
    all_fields: Type.Boolean({
      default: false,
      description:
        'Show fields that hold numbers, booleans and lists too, and not only texts as Falcosidekick does.',
    }),
    message_template: template({
      default: '',
      falcosidekick: ['slack.messageformat'],
      description:
        'A Liquid template for a line above: `rule`, `priority`, `hostname`, `source`, `output`, `tags`, `fields`. Slack markup is understood here.',
      examples: ['*{{ priority }}* {{ rule }} on {{ hostname | escape }}'],
    }),
    ...httpConnection,
  }),
  examples: [
    { title: 'Minimal', options: { webhook_url: 'https://hooks.slack.com/services/T000/B000/XXXX' } },
    {
      title: 'A line of your own, and the fields',
      options: {
        webhook_url: 'https://hooks.slack.com/services/T000/B000/XXXX',
        format: 'fields',
        message_template: '*{{ priority }}* {{ rule }} in {{ fields["k8s.ns.name"] | default: "the host" }}',
      },
    },
  ],
  batch: { events: 1 },
  request: { events: 1 },
  mapper: asEvents,
  notes: `Create an incoming webhook in Slack (*Apps → Incoming Webhooks*) and paste its address. What an event says is escaped, so that it can write no
mention and no link.

Retried: network faults, 403 and 404 (a revoked webhook: put in another, nothing is lost), 429 after \`Retry-After\`, 5xx. Set aside: 400, a message
that Slack does not take.`,
  create(options, { http, log }) {
    const textOf = textTemplate('message_template', options.message_template, log);
    const messageOf = (event: Event) => JSON.stringify(slackPayload(event, textOf(event), options));
    return overHttp(http, {
      url: options.webhook_url,
      body: ({ events }) => events.map(messageOf).join('\n'),
    });
  },
});
