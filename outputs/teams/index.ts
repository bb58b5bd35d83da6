import { asEvents, defineOutput, httpConnection, httpUrl, overHttp, Type } from '../../core/sdk/index.ts';
import { fitMessage } from '../shared/chat/index.ts';
import { adaptiveCard } from './adaptive-card.ts';
import { fromAccepted } from './answer.ts';
import { messageCard } from './message-card.ts';

/** Microsoft names 28 KB; connectors have refused messages from about 21,000 bytes on. */
const LIMIT = 20_000;

/** Posts each event to a channel of Microsoft Teams. */
export default defineOutput({
  apiVersion: 1,
  type: 'teams',
  summary: 'Posts each event to a channel or chat of Microsoft Teams.',
  category: 'chat',
  stability: 'experimental',
  options: Type.Object({
    webhook_url: httpUrl({
      falcosidekick: ['teams.webhookurl'],
      description: 'The address of the workflow, or of the connector.',
      examples: [
        'https://prod-00.westeurope.logic.azure.com:443/workflows/0123/triggers/manual/paths/invoke?api-version=2016-06-01&sig=XXXX',
      ],
    }),
    format: Type.Enum(['adaptive_card', 'message_card'], {
      default: 'adaptive_card',
      description:
        '`adaptive_card` is for workflows. `message_card` is the older card of connectors, which Falcosidekick sends.',
    }),
    show: Type.Enum(['all', 'text', 'facts'], {
      default: 'all',
      falcosidekick: ['teams.outputformat'],
      description: 'What to show of an event: its text, its fields as facts, or both.',
    }),
    all_fields: Type.Boolean({
      default: false,
      description:
        'Show fields that hold numbers, booleans and lists too, and not only texts as Falcosidekick does.',
    }),
    activity_image: Type.Optional(
      Type.String({
        format: 'http-url',
        falcosidekick: ['teams.activityimage'],
        description: 'Address of a picture for the head of the card.',
      }),
    ),
    ...httpConnection,
  }),
  examples: [
    {
      title: 'Minimal',
      options: {
        webhook_url:
          'https://prod-00.westeurope.logic.azure.com:443/workflows/0123/triggers/manual/paths/invoke?api-version=2016-06-01&sig=XXXX',
      },
    },
    {
      title: 'The card of Falcosidekick, for a connector',
      options: {
        webhook_url: 'https://example.webhook.office.com/webhookb2/0123@4567/IncomingWebhook/89ab/cdef',
        format: 'message_card',
      },
    },
  ],
  batch: { events: 1 },
  request: { events: 1 },
  mapper: asEvents,
  notes: `In Teams, open *Workflows* of the channel, choose the template that posts to a channel when a webhook request is received, and paste the address that it
shows. Anyone may trigger it who has the address. Microsoft retires the connectors (*Incoming Webhook*) and their cards. What an event says is escaped, so
that it can write no link and no format.

A card of more than ${LIMIT.toLocaleString('en')} bytes is cut: long values first, then fields; it says so and names the id of the event. Delivered means that the workflow
was started (202): whether it posts the card is seen in its run history. Microsoft limits how many cards a workflow posts: let few events through, by
\`minimum_priority\` and \`rate_limit\`.

Retried: network faults, 401, 403, 404 (a deleted workflow), 429 after \`Retry-After\` (a connector takes four requests a second), 5xx, a workflow that is switched off, and the
errors that a connector reports in an answer of 200. Set aside: 400 and 413, a card that Teams does not take, also 413 inside a 200.`,
  create(options, { http }) {
    const build = options.format === 'message_card' ? messageCard : adaptiveCard;
    return overHttp(http, {
      url: options.webhook_url,
      body: ({ events }) =>
        events
          .map((event) => fitMessage((room) => JSON.stringify(build(event, options, room)), LIMIT))
          .join('\n'),
      accepted: fromAccepted,
      // Codes that begin so speak about the workflow, which is switched off, say, and not about a card.
      retryWhen: /"code"\s*:\s*"Workflow/,
    });
  },
});
