import { defineMapper, Type } from '../core/sdk/index.ts';

/** The event itself: for outputs that build a payload of their own from it. */
export default defineMapper({
  apiVersion: 1,
  type: 'event',
  summary: 'The event itself, for outputs that write a payload of their own.',
  stability: 'stable',
  options: Type.Object({}),
  create: () => ({
    map(event) {
      // Looked into here, where bytes that are no event are one event's fault, and not in the output, where they are the batch's.
      void event.rule;
      return { ok: true, record: event };
    },
  }),
});
