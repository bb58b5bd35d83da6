import { Type } from '../../../core/sdk/index.ts';
import { observable } from './objects/observable.ts';
import { cloud, logger, resource } from './objects/place.ts';
import { product } from './objects/rule.ts';
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
  text,
  textMap,
  timestamp,
  VERSIONS,
} from './objects/types.ts';

/**
 * The records. They and `objects/` have the attributes of OCSF that a Falco event can fill, and no others: a static
 * set of columns that no engine chokes on. Source: ocsf/ocsf-schema, branches v1.1.0 to v1.8.0.
 */

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

/** The activities of the Findings category. */
const ACTIVITIES = [0, 1, 2, 3, 99];

/** What both classes have: OCSF's base event and the Findings category. */
export const baseEvent = (classUid: number, className: string, activity: string, vendor: string) => ({
  activity_id: enumId('What happened to the finding', { 1: activity }),
  activity_name: opt(text('Caption of activity_id.')),
  category_uid: constantId(2, 'Always 2.', { captions: { 2: 'Findings' } }),
  category_name: constant('Findings', 'Always Findings.'),
  class_uid: constantId(classUid, `Always ${classUid}.`, { captions: { [classUid]: className } }),
  class_name: constant(className, `Always ${className}.`),
  type_uid: long('class_uid * 100 + activity_id.', {
    enum: ACTIVITIES.map((activity) => classUid * 100 + activity),
  }),
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
    version: Type.String({ description: 'OCSF version.', enum: [...VERSIONS] }),
    product: product(vendor),
    uid: opt(text('Empty: finding_info.uid, which OCSF requires, is the id.')),
    event_code: opt(text('evt.type: the system call, say.')),
    labels: opt(list(text('A tag.'), 'Tags of the rule.')),
    log_name: opt(text('Event source.')),
    log_provider: opt(text('Always falco.')),
    logged_time: opt(timestamp('When it was accepted, epoch ms.')),
    logged_time_dt: opt(datetime('When it was accepted.')),
    loggers: opt(list(logger, 'Who reported it.')),
    original_time: opt(text('The time as the event wrote it, to the nanosecond.')),
    profiles: opt(list(text('A profile.'), 'OCSF profiles whose attributes the record uses.')),
    sequence: opt(integer('evt.num.')),
  }),
  resources: opt(list(resource, 'What is affected.')),
  observables: opt(list(observable, 'Pointers at the values one searches by.')),
  cloud: opt(cloud),
  status_code: opt(text("The outcome, as the event's source calls it: SUCCESS, FAILURE … of Okta.")),
  status_detail: opt(text('The reason of the outcome.')),
  confidence_id: opt(enumId('From the maturity tag of the rule', CONFIDENCES)),
  confidence: opt(text('Caption of confidence_id.')),
});
