import { type Event, fieldText, type Priority } from '../../core/sdk/index.ts';

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
  const own = Object.keys(event.fields)
    .sort()
    .filter((name) => typeof event.fields[name] === 'string' || (all && event.fields[name] !== null))
    .map((name) => {
      const value = fieldText(event.fields[name]!);
      return field(name, value, [...value].length < SHORT);
    });
  return [
    field('rule', event.rule),
    field('priority', event.priority),
    ...(event.source ? [field('source', event.source)] : []),
    ...(event.hostname ? [field('hostname', event.hostname)] : []),
    ...(event.tags.length > 0 ? [field('tags', [...event.tags].sort().join(', '))] : []),
    ...own,
    field('time', utcTime(event), false),
  ];
}

/** `2019-05-17 15:31:56.746609046 +0000 UTC`: to the nanosecond, in UTC, as Falcosidekick writes it. */
function utcTime({ time, timeText }: Event): string {
  const fraction = /\.(\d+)/.exec(timeText)?.[1]?.replace(/0+$/, '') ?? '';
  const seconds = new Date(time).toISOString().slice(0, 19).replace('T', ' ');
  return `${seconds}${fraction && `.${fraction}`} +0000 UTC`;
}

/** Slack reads `<!channel>` and links in a text; an event must not be able to write one (Slack, "Escaping text"). */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
