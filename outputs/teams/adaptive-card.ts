import type { Event, Priority } from '../../core/sdk/index.ts';
import { fieldFacts, headFacts, isCut, type Room, shorten, tagFacts, utcTime } from '../shared/chat/index.ts';
import type { Look } from './look.ts';
import { plain } from './markdown.ts';

/** The style of the head of a card. */
const STYLES: Readonly<Record<Priority, string>> = {
  Emergency: 'attention',
  Alert: 'attention',
  Critical: 'attention',
  Error: 'attention',
  Warning: 'warning',
  Notice: 'accent',
  Informational: 'emphasis',
  Debug: 'default',
};

/**
 * The message of one event for a workflow of Teams: an Adaptive Card 1.4, as wide as the channel. The text is a `RichTextBlock`, which
 * knows no Markdown.
 */
export function adaptiveCard(event: Event, look: Look, room: Room): Record<string, unknown> {
  const { show, all_fields: all, activity_image: image } = look;
  const { rule, priority, hostname, output } = event;
  const text = (value: string) => plain(shorten(value, room));
  const facts = [...headFacts(event), ...fieldFacts(event, all), ...tagFacts(event)]
    // A fact needs both.
    .filter(({ name, value }) => name !== '' && value !== '')
    .slice(0, room.facts);
  const subtitle = [priority, ...(hostname ? [text(hostname)] : []), utcTime(event)].join(' · ');
  const content = {
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.4',
    msteams: { width: 'Full' },
    fallbackText: shorten(output || rule, room),
    body: [
      {
        type: 'Container',
        style: STYLES[priority],
        bleed: true,
        items: [
          ...(image === undefined ? [] : [{ type: 'Image', url: image, size: 'Small', altText: 'Tiercel' }]),
          { type: 'TextBlock', text: text(rule), weight: 'Bolder', size: 'Medium', wrap: true },
          { type: 'TextBlock', text: subtitle, isSubtle: true, spacing: 'None', wrap: true },
        ],
      },
      ...(show !== 'facts' && output !== ''
        ? [{ type: 'RichTextBlock', inlines: [{ type: 'TextRun', text: shorten(output, room) }] }]
        : []),
      ...(show !== 'text'
        ? [
            {
              type: 'FactSet',
              facts: facts.map(({ name, value }) => ({ title: text(name), value: text(value) })),
            },
          ]
        : []),
      ...(isCut(room)
        ? [
            {
              type: 'TextBlock',
              text: `Cut to fit into a message. Event ${event.id}`,
              isSubtle: true,
              wrap: true,
            },
          ]
        : []),
    ],
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}
