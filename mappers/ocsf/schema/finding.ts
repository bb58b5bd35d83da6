import { baseEvent } from './base-event.ts';
import type { FalcosidekickFinding } from './falcosidekick.ts';
import { api } from './objects/api.ts';
import { evidence } from './objects/evidence.ts';
import { device } from './objects/place.ts';
import { process } from './objects/process.ts';
import { analytic, attack, relatedEvent } from './objects/rule.ts';
import { bool, datetime, enumId, list, object, opt, type Static, text, timestamp } from './objects/types.ts';
/** Detection Finding, class 2004. */
export const detectionFinding = object('A Detection Finding (2004).', {
  ...baseEvent(2004, 'Detection Finding', 'Create', 'The Falco Project'),
  status_id: enumId('Status', { 1: 'New' }),
  status: opt(text('Caption of status_id.')),
  is_alert: opt(bool('Always true.', { since: '1.5.0' })),
  finding_info: object('What was found.', {
    uid: text("The event's id."),
    title: text('Name of the rule.'),
    desc: opt(text("The event's output, where message is another text.")),
    analytic: opt(analytic),
    attacks: opt(list(attack, 'MITRE ATT&CK, from the tags.')),
    created_time: opt(timestamp('When it happened, epoch ms.')),
    created_time_dt: opt(datetime('When it happened.')),
    data_sources: opt(list(text('A source.'), 'Event source.')),
    types: opt(list(text('A type.'), 'Event source.')),
    related_events: opt(list(relatedEvent, 'The event in the log of its source.')),
  }),
  evidences: opt(list(evidence, 'What was seen; one element.')),
  device: opt(device),
});

const legacyFinding = object('What was found.', {
  uid: text("The event's id."),
  title: text('Name of the rule.'),
  desc: opt(text("The event's output, where message is another text.")),
  created_time: opt(timestamp('When it happened, epoch ms.')),
  created_time_dt: opt(datetime('When it happened.')),
  types: opt(list(text('A type.'), 'Event source.')),
  related_events: opt(list(relatedEvent, 'The event in the log of its source.')),
});

/** Security Finding, class 2001: deprecated by OCSF, read by consumers that do not know 2004. */
export const securityFinding = object('A Security Finding (2001).', {
  ...baseEvent(2001, 'Security Finding', 'Create', 'The Falco Project'),
  state_id: enumId('State', { 1: 'New' }),
  state: opt(text('Caption of state_id.')),
  finding: legacyFinding,
  analytic: opt(analytic),
  attacks: opt(list(attack, 'MITRE ATT&CK, from the tags.')),
  data_sources: opt(list(text('A source.'), 'Event source.')),
  process: opt(process),
  api: opt(api({ profile: 'cloud' })),
});

export type DetectionFinding = Static<typeof detectionFinding>;
export type SecurityFinding = Static<typeof securityFinding>;
export type Finding = DetectionFinding | SecurityFinding | FalcosidekickFinding;
