import type { Event } from '../../../core/sdk/index.ts';
import { touchedFile } from '../../falco-fields/file.ts';
import { fileOf } from '../objects/file.ts';
import { deviceOf } from '../objects/host.ts';
import { networkOf } from '../objects/network.ts';
import { userOf } from '../objects/process.ts';
import type { DetectionFinding } from '../schema/finding.ts';
import type { Evidence } from '../schema/objects/evidence.ts';
import { some } from '../schema/objects/types.ts';
import { analyticOf, attacksOf, enriched, foundOf, sourcesOf } from './enriched.ts';
import { detectionObservables } from './observables.ts';
import { type MapOptions, type Parts, partsOf } from './parts.ts';
import { recordPrototype } from './record.ts';

/** A Falco alert as a Detection Finding. */
export function toDetectionFinding(event: Event, map: MapOptions): DetectionFinding {
  const parts = partsOf(event, map);
  const evidence = evidenceOf(parts);
  const { columns, texts } = enriched(event, map, parts);
  const device = parts.ofHost ? deviceOf(texts.hostname) : undefined;
  const resources = parts.resources.length > 0 ? parts.resources : undefined;
  const evidences = evidence && [evidence];
  const record = {
    __proto__: recordPrototype,
    // First: after other members the spread doubles the cost of a record (bench/cases/event.ts).
    ...columns,
    activity_id: 1,
    activity_name: 'Create',
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2004,
    class_name: 'Detection Finding',
    type_uid: 200401,
    type_name: 'Detection Finding: Create',
    resources,
    observables: detectionObservables(
      { device, evidences, resources, unmapped: columns.unmapped },
      map.version,
    ),
    status_id: 1,
    status: 'New',
    finding_info: {
      ...foundOf(event, texts, parts),
      analytic: analyticOf(texts),
      attacks: attacksOf(event.tags),
      data_sources: sourcesOf(texts),
    },
    evidences,
    device,
  };
  // At 1.3 the attribute does not exist, not even as undefined.
  if (map.version >= '1.4.0') (record as DetectionFinding).is_alert = true;
  return record satisfies DetectionFinding;
}

function evidenceOf({ fields, activity, process }: Parts): Evidence | undefined {
  // A call has a client of its own: with it, the fields of a connection stay unmapped.
  const network = activity.client === undefined ? networkOf(fields) : undefined;
  const touched = network === undefined && activity.file === undefined ? touchedFile(fields) : undefined;
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
    dst_endpoint: activity.server ?? network?.server,
    file: activity.file ?? (touched && fileOf(touched, touched.kind)),
  });
  // At 1.1 the attribute does not exist, not even as undefined.
  return url === undefined ? evidence : { ...evidence, url };
}
