import { Type } from '../../../core/index.ts';
import * as o from './objects.ts';
import {
  constant,
  constantId,
  datetime,
  enumId,
  integer,
  list,
  long,
  object,
  opt,
  type Static,
  text,
  textMap,
  timestamp,
} from './types.ts';

export const SEVERITIES = {
  0: 'Unknown',
  1: 'Informational',
  2: 'Low',
  3: 'Medium',
  4: 'High',
  5: 'Critical',
  6: 'Fatal',
} as const;
export const CONFIDENCES = { 1: 'Low', 2: 'Medium', 3: 'High' } as const;

/** What both classes have: OCSF's base event and the Findings category. */
const findings = (classUid: number, className: string, activity: string, vendor: string) => ({
  activity_id: enumId('What happened to the finding', { 1: activity }),
  activity_name: opt(text('Caption of activity_id.')),
  category_uid: constantId(2, 'Always 2.', { captions: { 2: 'Findings' } }),
  category_name: constant('Findings', 'Always Findings.'),
  class_uid: constantId(classUid, `Always ${classUid}.`, { captions: { [classUid]: className } }),
  class_name: constant(className, `Always ${className}.`),
  type_uid: long('class_uid * 100 + activity_id.', { enum: [classUid * 100 + 1] }),
  type_name: opt(text('Class and activity.')),
  severity_id: enumId('From the priority', SEVERITIES),
  severity: opt(text('Caption of severity_id.')),
  time: timestamp('When it happened, epoch ms, rounded down; metadata.original_time has the ns.'),
  time_dt: opt(datetime('When it happened.')),
  message: opt(text("The event's message: its output, or its own message where it has one.")),
  raw_data: opt(text('The event as it was received; if longer or not text, in unmapped.')),
  unmapped: opt(
    textMap('Everything that has no column, under its own name: numbers as written, lists as JSON.'),
  ),
  metadata: object('About the event itself.', {
    version: Type.String({ description: 'OCSF version.', enum: ['1.1.0', '1.3.0'] }),
    product: o.product(vendor),
    uid: opt(text("The event's id.")),
    event_code: opt(text('evt.type: the system call, say.')),
    labels: opt(list(text('A tag.'), 'Tags of the rule.')),
    log_name: opt(text('Event source.')),
    log_provider: opt(text('Always falco.')),
    logged_time: opt(timestamp('When it was accepted, epoch ms.')),
    logged_time_dt: opt(datetime('When it was accepted.')),
    original_time: opt(text('The time as the event wrote it, to the nanosecond.')),
    profiles: opt(list(text('A profile.'), 'OCSF profiles whose attributes the record uses.')),
    sequence: opt(integer('evt.num.')),
  }),
  resources: opt(list(o.resource, 'What is affected.')),
  observables: opt(list(o.observable, 'Pointers at the values one searches by.')),
  cloud: opt(o.cloud),
  confidence_id: opt(enumId('From the maturity tag of the rule', CONFIDENCES)),
  confidence: opt(text('Caption of confidence_id.')),
});

/** Detection Finding, class 2004. */
export const detectionFinding = object('A Detection Finding (2004).', {
  ...findings(2004, 'Detection Finding', 'Create', 'The Falco Project'),
  status_id: enumId('Status', { 1: 'New' }),
  status: opt(text('Caption of status_id.')),
  finding_info: object('What was found.', {
    uid: text("The event's id."),
    title: text('Name of the rule.'),
    desc: opt(text("The event's output.")),
    analytic: opt(o.analytic),
    attacks: opt(list(o.attack, 'MITRE ATT&CK, from the tags.')),
    created_time: opt(timestamp('When it happened, epoch ms.')),
    created_time_dt: opt(datetime('When it happened.')),
    data_sources: opt(list(text('A source.'), 'Event source.')),
    types: opt(list(text('A type.'), 'Event source.')),
    related_events: opt(list(o.relatedEvent, 'The event in the log of its source.')),
  }),
  evidences: opt(list(o.evidence, 'What was seen; one element.')),
  device: opt(o.device),
});

const legacyFinding = object('What was found.', {
  uid: text("The event's id."),
  title: text('Name of the rule.'),
  desc: opt(text("The event's output.")),
  created_time: opt(timestamp('When it happened, epoch ms.')),
  created_time_dt: opt(datetime('When it happened.')),
  types: opt(list(text('A type.'), 'Event source.')),
  related_events: opt(list(o.relatedEvent, 'The event in the log of its source.')),
});

/** Security Finding, class 2001: deprecated by OCSF, read by consumers that do not know 2004. */
export const securityFinding = object('A Security Finding (2001).', {
  ...findings(2001, 'Security Finding', 'Create', 'The Falco Project'),
  state_id: enumId('State', { 1: 'New' }),
  state: opt(text('Caption of state_id.')),
  finding: legacyFinding,
  analytic: opt(o.analytic),
  attacks: opt(list(o.attack, 'MITRE ATT&CK, from the tags.')),
  data_sources: opt(list(text('A source.'), 'Event source.')),
  process: opt(o.process),
  api: opt(o.api({ profile: 'cloud' })),
});

const { time_dt, cloud, confidence_id, confidence, resources, observables, metadata, ...compatible } =
  findings(2001, 'Security Finding', 'Generate', 'Falcosecurity');

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
    version: Type.String({ description: 'OCSF version.', enum: ['1.1.0', '1.3.0'] }),
    product: o.product('Falcosecurity'),
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

export type DetectionFinding = Static<typeof detectionFinding>;
export type SecurityFinding = Static<typeof securityFinding>;
export type FalcosidekickFinding = Static<typeof falcosidekickFinding>;
export type Finding = DetectionFinding | SecurityFinding | FalcosidekickFinding;
