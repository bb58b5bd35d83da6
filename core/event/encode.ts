import type { Event, FieldValue } from './event.ts';
import { stringify } from './json.ts';
import { decodeText, membersOf } from './parse.ts';
import { isAsReceived, originalOf } from './view.ts';

/**
 * The event as one line of JSON: what it said, in its own order and with its exact numbers, and what the
 * configuration adds to `output_fields` and `tags`. An event without enrichment is its own text.
 *
 * A line break between the members becomes a space, so that the result is a line of NDJSON.
 */
export function eventToJson(event: Event): string {
  if (isAsReceived(event)) {
    // A line break between the members is white space, and no string of JSON holds one.
    return decodeText(event.raw)
      .trim()
      .replaceAll(/[\r\n]/g, ' ');
  }
  const members = { ...(membersOf(originalOf(event)) ?? viewOf(event)) };
  if (Object.keys(event.fields).length > 0) members.output_fields = event.fields;
  if (event.tags.length > 0) members.tags = event.tags;
  return stringify(members);
}

/** The members of an event that was made elsewhere (another copy of the package, a test): from its view alone. */
function viewOf(event: Event): Record<string, FieldValue> {
  const { id, rule, priority, timeText, source, hostname, output } = event;
  return {
    uuid: id,
    ...(hostname && { hostname }),
    ...(output && { output }),
    priority,
    rule,
    ...(source && { source }),
    time: timeText,
    ...event.extra,
  };
}
