import type { Event, Priority } from '../../core/sdk/index.ts';
import { fieldFacts, headFacts, isCut, type Room, shorten, tagFacts, utcTime } from '../shared/chat/index.ts';
import type { Look } from './look.ts';
import { plain } from './markdown.ts';

/** The colours Falcosidekick's users know. */
const COLORS: Readonly<Record<Priority, string>> = {
  Emergency: 'e20b0b',
  Alert: 'ff5400',
  Critical: 'ff9000',
  Error: 'ffc700',
  Warning: 'ffff00',
  Notice: '5bffb5',
  Informational: '68c2ff',
  Debug: 'ccfff2',
};

/** The message of one event for a connector of Teams: the card that Falcosidekick sends, its texts escaped. */
export function messageCard(event: Event, look: Look, room: Room): Record<string, unknown> {
  const { show, all_fields: all, activity_image: image } = look;
  const text = (value: string) => plain(shorten(value, room));
  const facts = [...headFacts(event), ...fieldFacts(event, all), ...tagFacts(event)]
    .slice(0, room.facts)
    .map(({ name, value }) => ({ name: text(name), value: text(value) }));
  if (isCut(room)) facts.push({ name: 'cut', value: `to fit into a message; event ${event.id}` });
  return {
    '@type': 'MessageCard',
    summary: shorten(event.output || event.rule, room),
    themeColor: COLORS[event.priority],
    sections: [
      {
        activityTitle: 'Tiercel',
        activitySubtitle: utcTime(event),
        ...(image !== undefined && { activityImage: image }),
        text: show === 'facts' ? '' : text(event.output),
        ...((show !== 'text' || isCut(room)) && { facts: show === 'text' ? facts.slice(-1) : facts }),
      },
    ],
  };
}
