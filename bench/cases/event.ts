import { decodeScalars } from '../../core/config/schema/decode.ts';
import type { JsonSchema } from '../../core/config/schema/json-schema.ts';
import { eventToJson } from '../../core/event/encode.ts';
import { parseEvent } from '../../core/event/parse.ts';
import ocsf from '../../mappers/ocsf/index.ts';
import { alerts, compareCosts, freshEvents, jsonParse, silent, type Work } from '../lib/cost.ts';
import type { Case } from '../lib/report.ts';

function mapping(what: string, options: object): Work {
  const given = decodeScalars(ocsf.options as JsonSchema, options) as Parameters<typeof ocsf.create>[0];
  const { map } = ocsf.create(given, { log: silent });
  // The cost of exact numbers is told above; a mapper pays it in either case.
  const items = () => {
    const events = freshEvents();
    for (const { fields } of events) void fields;
    return events;
  };
  return { what, items, run: map };
}

const event: Case = {
  title: 'An event: lossless parsing, mapping, validation',
  about:
    'Processor time beside `JSON.parse`, which loses integers above 2^53; a ratio of 2 is twice the cost. "check": the record is held against OCSF.',
  async run(report) {
    compareCosts(
      [
        jsonParse,
        { what: 'parse, as a request does', items: () => alerts, run: (raw: Buffer) => parseEvent(raw, 0) },
        {
          what: 'parse, exact numbers and all',
          items: () => alerts,
          run: (raw: Buffer) => {
            const result = parseEvent(raw, 0);
            if (!result.ok) throw new Error(result.reason);
            return result.event.fields;
          },
        },
        { what: 'an event back to JSON', items: freshEvents, run: eventToJson },
        mapping('map to Detection Finding', { validation: 'off' }),
        mapping('map and check, Detection Finding', {}),
        mapping('map and check, 1.3.0', { version: '1.3.0' }),
        mapping('map and check, Security Finding', { class: 'security_finding' }),
      ],
      report,
    );
  },
};

export default event;
