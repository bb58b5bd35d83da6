import type { Event } from '../../../core/sdk/index.ts';
import { ATTACK_VERSION, attacksOf as taggedAttacks } from '../../falco-fields/attack/tags.ts';
import { addUnmapped, type Fields } from '../../falco-fields/fields.ts';
import { hostOf } from '../objects/host.ts';
import { CONFIDENCES, SEVERITIES } from '../schema/base-event.ts';
import type { Logger } from '../schema/objects/place.ts';
import { LINUX_USERS } from '../schema/objects/process.ts';
import type { Attack } from '../schema/objects/rule.ts';
import type { OcsfVersion } from '../schema/objects/types.ts';
import type { OcsfOptions } from '../schema/options.ts';
import type { MapOptions, Parts } from './parts.ts';
import { type Texts, textsOf } from './texts.ts';

/**
 * The columns that the enriched records of both classes have alike, and the texts of the event. Call it when every
 * field that has a column is taken.
 */
export function enriched(event: Event, map: MapOptions, parts: Parts) {
  const { fields, cloud } = parts;
  const told = metadataFields(fields);
  const texts = textsOf(event, fields);
  addUnmapped(texts.unmapped, 'priority', event.priority);
  const severity = map.severities[event.priority];
  const confidence = confidenceOf(event.tags, map.options);
  const columns = {
    severity_id: severity,
    severity: SEVERITIES[severity],
    time: event.time,
    time_dt: event.time,
    message: texts.message,
    raw_data: texts.rawData,
    unmapped: texts.unmapped,
    metadata: {
      ...metadataOf(event, texts, told, map.version),
      loggers: parts.ofHost ? undefined : loggersOf(texts),
      profiles: profilesOf(parts, map.room.evidence && parts.ofHost && texts.hostname !== undefined),
    },
    cloud,
    status_code: parts.activity.statusCode,
    status_detail: parts.activity.statusDetail,
    confidence_id: confidence,
    confidence: confidence && CONFIDENCES[confidence],
  };
  return { columns, texts };
}

/** `finding_info` of class 2004 and `finding` of 2001, as far as they are alike. */
export function foundOf(event: Event, texts: Texts, { activity: { related } }: Parts) {
  return {
    uid: texts.uid,
    title: texts.rule,
    // OCSF requires neither: what both would say is in message alone.
    desc: texts.output === texts.message ? undefined : texts.output,
    created_time: event.time,
    created_time_dt: event.time,
    types: sourcesOf(texts),
    related_events: related && [related],
  };
}

/** The host of Falco, of which the event is not. */
function loggersOf({ hostname }: Texts): Logger[] {
  return [{ name: 'Falco', device: hostname === undefined ? undefined : hostOf(hostname) }];
}

/** The event source as a list; a list of its own each time, as a repair changes it in place. */
export const sourcesOf = ({ source }: Texts): string[] | undefined =>
  source === undefined ? undefined : [source];

/** The rule as OCSF's `analytic`. */
export const analyticOf = ({ rule }: Texts) => ({ name: rule, uid: rule, type: 'Rule', type_id: 1 }) as const;

/** The ATT&CK classification of the rule's tags as OCSF's `attacks`. */
export function attacksOf(tags: readonly string[]): Attack[] | undefined {
  return taggedAttacks(tags)?.map(({ tactic, technique, subTechnique }) => ({
    tactic,
    technique,
    sub_technique: subTechnique,
    version: ATTACK_VERSION,
  }));
}

/** The event's maturity tag as confidence, where the options ask for it. */
function confidenceOf(tags: readonly string[], options: OcsfOptions): keyof typeof CONFIDENCES | undefined {
  if (options.confidence_from_maturity !== true) return undefined;
  if (tags.includes('maturity_stable')) return 3;
  if (tags.includes('maturity_incubating')) return 2;
  return tags.includes('maturity_sandbox') ? 1 : undefined;
}

/**
 * The profiles whose attributes the record has.
 *
 * @param hasDevice class 2001 has none
 */
function profilesOf({ process, cloud }: Parts, hasDevice: boolean): string[] {
  const profiles = ['datetime'];
  if (hasDevice) profiles.push('host');
  if (process?.container !== undefined) profiles.push('container');
  if (cloud !== undefined) profiles.push('cloud');
  if (process?.auid !== undefined || process?.group !== undefined) profiles.push(LINUX_USERS);
  return profiles;
}

type FieldMetadata = ReturnType<typeof metadataFields>;

/** Takes the fields that `metadata` has room for. */
function metadataFields(fields: Fields) {
  return {
    falcoVersion: fields.text('falco.version'),
    eventCode: fields.text('evt.type'),
    sequence: fields.int32('evt.num', 0),
  };
}

/**
 * `metadata`, but for the profiles. There is no `processed_time`: a batch that is
 * written again after a crash must have the same bytes.
 */
function metadataOf(event: Event, texts: Texts, fields: FieldMetadata, version: OcsfVersion) {
  const { source } = texts;
  return {
    version,
    product: {
      name: 'Falco',
      vendor_name: 'The Falco Project',
      version: fields.falcoVersion,
      feature: source === undefined ? undefined : { name: source },
    },
    event_code: fields.eventCode,
    labels: texts.labels,
    log_name: source,
    log_provider: 'falco',
    logged_time: event.receivedAt,
    logged_time_dt: event.receivedAt,
    original_time: texts.originalTime,
    sequence: fields.sequence,
  };
}
