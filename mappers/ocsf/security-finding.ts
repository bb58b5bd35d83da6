import type { Event } from '../../core/index.ts';
import { confidenceOf, fieldMetadata, metadataOf, textsOf } from './base.ts';
import type { MapOptions } from './mapping.ts';
import { attacksOf } from './mitre/tags.ts';
import { securityObservables } from './observables.ts';
import { partsOf } from './parts.ts';
import { recordPrototype } from './record.ts';
import { CONFIDENCES, SEVERITIES, type SecurityFinding } from './schema/finding.ts';
import { addUnmapped } from './unmapped.ts';

/** A Falco alert as a Security Finding, with all that the class has room for. It has no evidences and no device. */
export function toSecurityFinding(event: Event, map: MapOptions): SecurityFinding {
  const parts = partsOf(event, map);
  const more = fieldMetadata(parts.fields);
  const texts = textsOf(event, parts.fields);
  addUnmapped(texts.unmapped, 'priority', event.priority);
  const severity = map.severities[event.priority];
  const confidence = confidenceOf(event.tags, map.options);
  const { source, hostname, rule } = texts;
  const sources = source === undefined ? undefined : [source];
  if (hostname !== undefined) parts.resources.unshift({ type: 'Host', name: hostname });
  const resources = parts.resources.length > 0 ? parts.resources : undefined;
  const { related, api } = parts.activity;
  const record = {
    __proto__: recordPrototype,
    activity_id: 1,
    activity_name: 'Create',
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2001,
    class_name: 'Security Finding',
    type_uid: 200101,
    type_name: 'Security Finding: Create',
    severity_id: severity,
    severity: SEVERITIES[severity],
    time: event.time,
    time_dt: event.time,
    message: texts.message,
    raw_data: texts.rawData,
    unmapped: texts.unmapped,
    metadata: metadataOf(event, texts, more, map.version),
    resources,
    observables: securityObservables({ process: parts.process, resources }, map.version),
    cloud: parts.cloud,
    confidence_id: confidence,
    confidence: confidence && CONFIDENCES[confidence],
    state_id: 1,
    state: 'New',
    finding: {
      uid: texts.uid,
      title: rule,
      desc: texts.output,
      created_time: event.time,
      created_time_dt: event.time,
      types: sources,
      related_events: related && [related],
    },
    analytic: { name: rule, uid: rule, type: 'Rule', type_id: 1 },
    attacks: attacksOf(event.tags),
    data_sources: sources,
    process: parts.process,
    api,
  };
  return record satisfies SecurityFinding;
}
