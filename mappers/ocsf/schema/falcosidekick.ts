import { Type } from '../../../core/sdk/index.ts';
import { baseEvent } from './base-event.ts';
import { product } from './objects/rule.ts';
import { enumId, list, object, opt, type Static, text, timestamp, VERSIONS } from './objects/types.ts';

const {
  time_dt,
  cloud,
  status_code,
  status_detail,
  confidence_id,
  confidence,
  resources,
  observables,
  metadata,
  ...compatible
} = baseEvent(2001, 'Security Finding', 'Generate', 'Falcosecurity');

/** Security Finding as Falcosidekick writes it: its attributes, its captions, and `unmapped` for what it loses. */
export const falcosidekickFinding = object('A Security Finding (2001) as Falcosidekick writes it.', {
  ...compatible,
  status: opt(text('The priority.')),
  state_id: enumId('State', { 1: 'New' }),
  state: opt(text('Caption of state_id.')),
  finding: object('What was found.', {
    uid: text("The event's id."),
    title: text('Name of the rule.'),
    desc: opt(text("The event's output.")),
    created_time: opt(timestamp('When it happened, epoch ms.')),
    types: opt(list(text('A type.'), 'Event source.')),
  }),
  metadata: object('About the event itself.', {
    version: Type.String({ description: 'OCSF version.', enum: [...VERSIONS] }),
    product: product('Falcosecurity'),
    labels: opt(list(text('A tag.'), 'Tags of the rule.')),
  }),
  observables: opt(
    list(
      object('One output field.', {
        name: text('Name of the field, or hostname.'),
        type: opt(text('Always Other.')),
        type_id: Type.Integer({ description: 'Always 0, as in Falcosidekick.', enum: [0] }),
        value: opt(text('Its value.')),
      }),
      'The host name and every output field with a single value.',
    ),
  ),
});

export type FalcosidekickFinding = Static<typeof falcosidekickFinding>;
