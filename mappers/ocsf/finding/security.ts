import type { Event } from '../../../core/sdk/index.ts';
import type { SecurityFinding } from '../schema/finding.ts';
import { analyticOf, attacksOf, enriched, foundOf, sourcesOf } from './enriched.ts';
import { securityObservables } from './observables.ts';
import { type MapOptions, partsOf } from './parts.ts';
import { recordPrototype } from './record.ts';

/** A Falco alert as a Security Finding, with all that the class has room for. It has no evidences and no device. */
export function toSecurityFinding(event: Event, map: MapOptions): SecurityFinding {
  const parts = partsOf(event, map);
  const { columns, texts } = enriched(event, map, parts);
  const { process, activity } = parts;
  const host = parts.ofHost && texts.hostname !== undefined ? [{ type: 'Host', name: texts.hostname }] : [];
  const all = [...host, ...parts.resources];
  const resources = all.length > 0 ? all : undefined;
  const record = {
    __proto__: recordPrototype,
    // First: after other members the spread doubles the cost of a record (bench/cases/event.ts).
    ...columns,
    activity_id: 1,
    activity_name: 'Create',
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2001,
    class_name: 'Security Finding',
    type_uid: 200101,
    type_name: 'Security Finding: Create',
    resources,
    observables: securityObservables({ process, resources, unmapped: columns.unmapped }, map.version),
    state_id: 1,
    state: 'New',
    finding: foundOf(event, texts, parts),
    analytic: analyticOf(texts),
    attacks: attacksOf(event.tags),
    data_sources: sourcesOf(texts),
    process,
    api: activity.api,
  };
  return record satisfies SecurityFinding;
}
