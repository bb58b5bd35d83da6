import { type Event, fieldText } from '../../../core/sdk/index.ts';
import { addUnmapped, Fields } from '../../falco-fields/fields.ts';
import { SEVERITIES } from '../schema/base-event.ts';
import type { FalcosidekickFinding } from '../schema/falcosidekick.ts';
import { MAX_TEXT } from '../schema/objects/types.ts';
import type { MapOptions } from './parts.ts';
import { recordPrototype } from './record.ts';
import { textsOf } from './texts.ts';

type Observable = NonNullable<FalcosidekickFinding['observables']>[number];

/**
 * A Falco alert as Falcosidekick 2.34 writes it (falcosecurity/falcosidekick, outputs/awssecuritylake.go): the same
 * attributes and values, except where its own are wrong. Numbers are exact, `metadata.version` is a real version,
 * booleans are kept, `raw_data` is what was received, and what has no column is in `unmapped`.
 */
export function toFalcosidekickFinding(event: Event, map: MapOptions): FalcosidekickFinding {
  const fields = new Fields(event.fields, MAX_TEXT);
  const observables: Observable[] = [];
  const add = (name: string, value: string) => observables.push({ name, type: 'Other', type_id: 0, value });
  if (event.hostname !== '' && event.hostname.length <= MAX_TEXT) add('hostname', event.hostname);
  for (const name of Object.keys(event.fields).sort()) {
    const value = event.fields[name]!;
    // Falcosidekick passes over null and has no form for lists.
    if (value === null || name.length > MAX_TEXT || fields.isNested(name)) continue;
    const text = fieldText(value);
    if (text.length > MAX_TEXT) continue;
    fields.take(name);
    add(name, text);
  }
  const texts = textsOf(event, fields);
  if (texts.originalTime !== undefined) addUnmapped(texts.unmapped, 'time', texts.originalTime);
  if (texts.message !== texts.output && texts.message !== undefined)
    addUnmapped(texts.unmapped, 'message', texts.message);
  const severity = map.severities[event.priority];
  const record = {
    __proto__: recordPrototype,
    activity_id: 1,
    activity_name: 'Generate',
    category_uid: 2,
    category_name: 'Findings',
    class_uid: 2001,
    class_name: 'Security Finding',
    type_uid: 200101,
    type_name: 'Security Finding: Generate',
    severity_id: severity,
    severity: SEVERITIES[severity],
    time: event.time,
    message: texts.rule,
    raw_data: texts.rawData,
    unmapped: texts.unmapped,
    status: event.priority,
    state_id: 1,
    state: 'New',
    finding: {
      uid: texts.uid,
      title: texts.rule,
      desc: texts.output,
      created_time: event.time,
      types: texts.source === undefined ? undefined : [texts.source],
    },
    metadata: {
      version: map.version,
      product: { name: 'Falco', vendor_name: 'Falcosecurity' },
      labels: texts.labels,
    },
    observables: observables.length > 0 ? observables : undefined,
  };
  return record satisfies FalcosidekickFinding;
}
