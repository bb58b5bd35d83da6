import { defineMapper, eventToJson, Type } from '../core/sdk/index.ts';

/**
 * The event as Falco wrote it, with what the configuration adds. The record is JSON text on one line, not an
 * object: JSON.stringify would round integers beyond 2^53, and nearly every event has one.
 */
export default defineMapper({
  apiVersion: 1,
  type: 'falco',
  summary: 'The event as received, with the fields and tags that the configuration adds.',
  stability: 'stable',
  options: Type.Object({}),
  create: () => ({
    record: Type.String({ contentMediaType: 'application/json', description: 'The event as JSON.' }),
    map: (event) => ({ ok: true, record: eventToJson(event) }),
  }),
});
