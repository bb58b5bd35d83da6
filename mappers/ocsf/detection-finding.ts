import type { Event } from '../../core/index.ts';
import { confidenceOf, fieldMetadata, metadataOf, textsOf } from './base.ts';
import type { MapOptions } from './mapping.ts';
import { attacksOf } from './mitre/tags.ts';
import { fdFile } from './objects/file.ts';
import { networkOf } from './objects/network.ts';
import { userOf } from './objects/process.ts';
import { some } from './objects/some.ts';
import { detectionObservables } from './observables.ts';
import { type Parts, partsOf } from './parts.ts';
import { recordPrototype } from './record.ts';
import { CONFIDENCES, type DetectionFinding, SEVERITIES } from './schema/finding.ts';
import type { Device, Evidence } from './schema/objects.ts';
import { HOSTNAME } from './schema/types.ts';
import { addUnmapped } from './unmapped.ts';

/** A Falco alert as a Detection Finding. */
export function toDetectionFinding(event: Event, map: MapOptions): DetectionFinding {
  const parts = partsOf(event, map);
  const evidence = evidenceOf(parts);
  const more = fieldMetadata(parts.fields);
  const texts = textsOf(event, parts.fields);
  addUnmapped(texts.unmapped, 'priority', event.priority);
  const severity = map.severities[event.priority];
  const confidence = confidenceOf(event.tags, map.options);
  const { source } = texts;
  const sources = source === undefined ? undefined : [source];
  const device = deviceOf(texts.hostname, event.source);
  const resources = parts.resources.length > 0 ? parts.resources : undefined;
  const evidences = evidence && [evidence];
  const { related } = parts.activity;
  const record = {
    __proto__: recordPrototype,
    activity_id: 1,
    activity_name: 'Create',
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2004,
    class_name: 'Detection Finding',
    type_uid: 200401,
    type_name: 'Detection Finding: Create',
    severity_id: severity,
    severity: SEVERITIES[severity],
    time: event.time,
    time_dt: event.time,
    message: texts.message,
    raw_data: texts.rawData,
    unmapped: texts.unmapped,
    metadata: metadataOf(event, texts, more, map.version),
    resources,
    observables: detectionObservables({ device, evidences, resources }, map.version),
    cloud: parts.cloud,
    confidence_id: confidence,
    confidence: confidence && CONFIDENCES[confidence],
    status_id: 1,
    status: 'New',
    finding_info: {
      uid: texts.uid,
      title: texts.rule,
      desc: texts.output,
      analytic: { name: texts.rule, uid: texts.rule, type: 'Rule', type_id: 1 },
      attacks: attacksOf(event.tags),
      created_time: event.time,
      created_time_dt: event.time,
      data_sources: sources,
      types: sources,
      related_events: related && [related],
    },
    evidences,
    device,
  };
  return record satisfies DetectionFinding;
}

function evidenceOf({ fields, activity, process }: Parts): Evidence | undefined {
  const network = networkOf(fields);
  const user = activity.user ?? (process === undefined ? userOf(fields) : undefined);
  const { decision, url } = activity;
  const actor = some({
    process,
    user,
    authorizations: decision !== undefined && (process ?? user) !== undefined ? [{ decision }] : undefined,
  });
  const evidence = some({
    actor,
    api: activity.api,
    connection_info: network?.connection,
    src_endpoint: activity.client ?? network?.client,
    dst_endpoint: network?.server,
    file: network === undefined ? fdFile(fields) : undefined,
  });
  // At 1.1 the attribute does not exist, not even as undefined.
  return url === undefined ? evidence : { ...evidence, url };
}

/** The host of the event. OCSF takes no underscore in a host name: such a name is just a name. */
function deviceOf(hostname: string | undefined, source: string): Device | undefined {
  if (hostname === undefined) return undefined;
  const valid = HOSTNAME.test(hostname);
  return {
    hostname: valid ? hostname : undefined,
    name: valid ? undefined : hostname,
    type: 'Unknown',
    type_id: 0,
    os:
      source === 'syscall' || source === 'syscalls'
        ? { name: 'Linux', type: 'Linux', type_id: 200 }
        : undefined,
  };
}
