import { expect, it } from 'vitest';
import { type Logger, recordJson } from '../../../core/sdk/index.ts';
import eventItself from '../../../mappers/event.ts';
import falco from '../../../mappers/falco.ts';
import { goldenOf } from '../../support/golden.ts';
import { event } from './ocsf/support.ts';

it.each([falco, eventItself])('$type gives the event as it was written, to the last digit', ({ create }) => {
  const text =
    '{"rule":"r","priority":"Debug","time":"2026-01-01T00:00:00Z","output_fields":{"a":18446744073670260079,"b":0.0}}';
  const mapper = create({}, { log: {} as Logger });
  const result = mapper.map(event(text));
  expect(result.ok && recordJson(mapper)(result.record)).toBe(text);
});

it.each(goldenOf('payload re-serialised'))(
  'a queue or a webhook gets the JSON that Falcosidekick sends for event $id',
  ({ event, body }) => {
    const mapper = falco.create({}, { log: {} as Logger });
    const result = mapper.map(event);
    expect(result.ok && JSON.parse(recordJson(mapper)(result.record))).toEqual(body);
  },
);
