import type { Event, Priority } from '../../core/sdk/index.ts';
import { fieldFacts, headFacts, tagFacts, utcTime } from '../shared/chat/index.ts';

/** How a message looks; see the options of the output. */
export interface Look {
  readonly username?: string;
  readonly channel?: string;
  readonly icon?: string;
  readonly footer?: string;
  readonly format: 'all' | 'text' | 'fields';
  readonly all_fields: boolean;
}

/** The colours Falcosidekick's users know. */
const COLORS: Readonly<Record<Priority, string>> = {
  Emergency: '#e20b0b',
  Alert: '#ff5400',
  Critical: '#ff5400',
  Error: '#e20b0b',
  Warning: '#ffc700',
  Notice: '#5bffb5',
  Informational: '#68c2ff',
  Debug: '#ccfff2',
};

/** Values shorter than this stand two in a row. */
const SHORT = 36;

/**
 * The message of one event, as an incoming webhook takes it: the attachment that Falcosidekick sends, the text escaped.
 *
 * @param text what the message template gave; `''` for none
 */
export function slackPayload(event: Event, text: string, look: Look): Record<string, unknown> {
  const { username, channel, icon, footer, format } = look;
  const output = escaped(event.output);
  return {
    ...(text && { text }),
    ...(username && { username }),
    ...(channel && { channel }),
    ...(icon && { icon_url: icon }),
    attachments: [
      {
        fallback: output,
        color: COLORS[event.priority],
        ...(format !== 'fields' && { text: output }),
        ...(format !== 'text' && { fields: fieldsOf(event, look.all_fields) }),
        ...(footer && format !== 'text' && { footer }),
      },
    ],
  };
}

function fieldsOf(event: Event, all: boolean): object[] {
  const field = (title: string, value: string, short = true) => ({ title, value: escaped(value), short });
  return [
    ...[...headFacts(event), ...tagFacts(event)].map(({ name, value }) => field(name, value)),
    ...fieldFacts(event, all).map(({ name, value }) => field(name, value, [...value].length < SHORT)),
    field('time', utcTime(event), false),
  ];
}

/** Slack reads `<!channel>` and links in a text; an event must not be able to write one (Slack, "Escaping text"). */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
