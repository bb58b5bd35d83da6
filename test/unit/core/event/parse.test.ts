import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder, noDecodeOptions } from '../../../../core/event/decode.ts';
import { eventToJson, stringify } from '../../../../core/event/encode.ts';
import type { Event, FieldValue } from '../../../../core/event/event.ts';
import { MAX_DEPTH, MAX_VALUES } from '../../../../core/event/json-scan.ts';
import { parseEvent } from '../../../../core/event/parse.ts';
import { composedEvents, realEvents, sampleEvents } from '../../../support/corpus.ts';
import { runs } from '../../../support/runs.ts';

const BASE = '"rule":"R","priority":"Notice","time":"2026-07-11T09:44:58.682419669Z"';

function parse(text: string | Uint8Array) {
  return parseEvent(typeof text === 'string' ? Buffer.from(text) : text, 5);
}

function event(text: string | Uint8Array): Event {
  const result = parse(text);
  if (!result.ok) throw new Error(`${result.field} ${result.reason}`);
  return result.event;
}

function refusal(text: string | Uint8Array) {
  const result = parse(text);
  return result.ok ? 'accepted' : `${result.field} ${result.reason}`;
}

describe('parseEvent', () => {
  it('reads what Falco sends', () => {
    const raw = Buffer.from(
      `{"hostname":"node-1","output":"o","output_fields":{"evt.time":1783762698682419669,"fd.name":null},${BASE},"source":"syscall","tags":["T1059","host"],"message":"m"}`,
    );
    const seen = event(raw);
    expect(seen.raw).toBe(raw);
    expect(seen).toMatchObject({ rule: 'R', priority: 'Notice', source: 'syscall', hostname: 'node-1' });
    expect(seen).toMatchObject({ output: 'o', tags: ['T1059', 'host'], receivedAt: 5 });
    expect(seen.time).toBe(Date.parse('2026-07-11T09:44:58.682Z'));
    expect(seen.timeText).toBe('2026-07-11T09:44:58.682419669Z');
    expect({ ...seen.fields }).toEqual({ 'evt.time': 1783762698682419669n, 'fd.name': null });
    expect({ ...seen.extra }).toEqual({ message: 'm' });
  });

  it.each([
    '',
    ',"output_fields":null',
    ',"output_fields":{}',
    ',"tags":null',
    ',"source":null,"hostname":null',
  ])('takes an old or bare event: %s', (members) => {
    const seen = event(`{${BASE}${members}}`);
    expect(seen).toMatchObject({ source: '', hostname: '', output: '', tags: [] });
    expect(Object.keys(seen.fields)).toEqual([]);
    expect(Object.keys(seen.extra)).toEqual([]);
  });

  it.each([
    ['debug', 'Debug'],
    ['INFO', 'Informational'],
    ['emergency', 'Emergency'],
  ])('takes the priority %s', (written, priority) => {
    expect(event(`{"rule":"R","priority":"${written}","time":"2026-01-01T00:00:00Z"}`).priority).toBe(
      priority,
    );
  });

  it('takes the time and priority of a gRPC print-out', () => {
    const seen = event('{"time":{"seconds":1570094449,"nanos":259268899},"priority":3,"rule":"R"}');
    expect(seen).toMatchObject({ priority: 'Error', timeText: '2019-10-03T09:20:49.259268899Z' });
    expect(seen.time).toBe(1570094449259);
  });

  it.each([
    ['', 'body is empty'],
    ['nonsense', 'body is not JSON'],
    ['{"rule":', 'body is not JSON'],
    ['[]', 'body must be a JSON object, not a list'],
    ['null', 'body must be a JSON object, not null'],
    ['3', 'body must be a JSON object, not the number 3'],
    ['{}', 'rule is missing'],
    ['{"rule":"","priority":"Debug","time":"2026-01-01T00:00:00Z"}', 'rule must be a non-empty text'],
    [
      '{"rule":7,"priority":"Debug","time":"2026-01-01T00:00:00Z"}',
      'rule must be a non-empty text, not the number 7',
    ],
    ['{"rule":"R","time":"2026-01-01T00:00:00Z"}', 'priority is missing'],
    ['{"rule":"R","priority":"warn","time":"2026-01-01T00:00:00Z"}', 'priority must be one of Emergency'],
    ['{"rule":"R","priority":3,"time":"2026-01-01T00:00:00Z"}', 'priority must be one of'],
    ['{"rule":"R","priority":"__proto__","time":"2026-01-01T00:00:00Z"}', 'priority must be one of'],
    ['{"rule":"R","priority":"Debug"}', 'time is missing'],
    [
      '{"rule":"R","priority":"Debug","time":"2021-04-13T20:58:00.746609046Z+2"}',
      'time must be an RFC 3339 time',
    ],
    ['{"rule":"R","priority":"Debug","time":1783762698}', 'time must be an RFC 3339 time'],
    [`{${BASE},"source":5}`, 'source must be a text, not the number 5'],
    [`{${BASE},"tags":"x"}`, 'tags must be a list of texts'],
    [`{${BASE},"tags":["a",1]}`, 'tags[1] must be a text, not the number 1'],
    [`{${BASE},"output_fields":[1]}`, 'output_fields must be an object, not a list'],
    [`{${BASE}} {${BASE}}`, 'body is not JSON'],
  ])('refuses %s', (text, reason) => {
    expect(refusal(text)).toContain(reason);
  });

  it('keeps every number exact', () => {
    const numbers =
      '{"a":18446744073670260079,"b":-9223372036854775808,"c":0.0,"d":5.0,"e":1846.4,"f":1e400,"g":-0,"h":9007199254740993,"i":34816,"j":[1.10,{"k":4707072802758275760}],"l":1E2}';
    const { fields } = event(`{${BASE},"output_fields":${numbers}}`);
    expect(stringify(fields)).toBe(numbers);
    expect(fields.a).toBe(18446744073670260079n);
    expect(fields.i).toBe(34816);
    expect(fields.e).toBe(1846.4);
    expect(String(fields.c)).toBe('0.0');
  });

  it('reads a number of a million digits at once', () => {
    const digits = '9'.repeat(1_000_000);
    const { fields } = event(`{${BASE},"output_fields":{"a":${digits},"b":0.${digits},"c":-${digits}}}`);
    expect(String(fields.a)).toBe(digits);
    expect(stringify(fields)).toBe(`{"a":${digits},"b":0.${digits},"c":-${digits}}`);
  });

  it('is not fooled by digits, quotes and backslashes inside texts', () => {
    const members = String.raw`{"x":"\\","y":"a \" :9007199254740993, \\\" ","9007199254740993":9007199254740993,"\u0061\"":[9007199254740993]}`;
    const { fields } = event(`{${BASE},"output_fields":${members}}`);
    expect(fields.y).toBe(String.raw`a " :9007199254740993, \" `);
    expect(fields['9007199254740993']).toBe(9007199254740993n);
    expect(fields['a"']).toEqual([9007199254740993n]);
  });

  it.each([
    ['{"x":9007199254740993,"x":1}', '{"x":1}'],
    ['{"x":1.0,"x":1}', '{"x":1}'],
    ['{"x":1,"x":1.0}', '{"x":1.0}'],
    ['{"x":{"y":1.0},"x":5}', '{"x":5}'],
    ['{"x":[1.0],"x":{"0":1}}', '{"x":{"0":1}}'],
    ['{"x":{"__proto__":{"y":1.0}},"x":{}}', '{"x":{}}'],
    ['{"1":1.0,"0":2.0}', '{"0":2.0,"1":1.0}'],
  ])('counts the last of duplicate keys: %s', (written, read) => {
    expect(stringify(event(`{${BASE},"output_fields":${written}}`).fields)).toBe(read);
  });

  it('knows no prototype', () => {
    const seen = event(
      `{${BASE},"constructor":1,"__proto__":{"rule":"evil"},"output_fields":{"__proto__":{"polluted":1.0},"toString":"x","a":{}}}`,
    );
    expect(seen.fields.constructor).toBeUndefined();
    expect(seen.fields.a!.constructor).toBeUndefined();
    expect(seen.extra.constructor).toBe(1);
    expect(stringify(seen.fields)).toBe('{"__proto__":{"polluted":1.0},"toString":"x","a":{}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(refusal('{"__proto__":{"rule":"R","priority":"Debug","time":"2026-01-01T00:00:00Z"}}')).toBe(
      'rule is missing',
    );
  });

  it('bounds the nesting', () => {
    const nested = (levels: number) =>
      `{${BASE},"output_fields":{"a":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    expect(refusal(nested(MAX_DEPTH - 2))).toBe('accepted');
    expect(refusal(nested(MAX_DEPTH - 1))).toBe('output_fields is nested deeper than 100 levels');
    expect(refusal(nested(1_000_000))).toBe('output_fields is nested deeper than 100 levels');
    expect(refusal(`{${BASE},"output_fields":{"a":"${'[{'.repeat(5000)}"}}`)).toBe('accepted');
    expect(refusal(`{${BASE},"output_fields":{"a":"\\"${'[{'.repeat(5000)}\\\\"}}`)).toBe('accepted');
  });

  it('looks for the bounds before it parses: what exceeds them need not be JSON', () => {
    expect(refusal(`{"a":${'['.repeat(1_000_000)}`)).toBe('a is nested deeper than 100 levels');
    expect(refusal('{"a":'.repeat(1_000_000))).toBe('a is nested deeper than 100 levels');
    expect(refusal('{'.repeat(1_000_000))).toBe('body is nested deeper than 100 levels');
    expect(refusal('['.repeat(1_000_000))).toBe('body must be a JSON object, not a list');
    expect(refusal(`{"${'k'.repeat(500)}":${'['.repeat(101)}`)).toBe(
      `${'k'.repeat(100)}… is nested deeper than 100 levels`,
    );
    expect(refusal(`{"a":"${'['.repeat(1000)}`)).toMatch(/^body is not JSON/);
  });

  it('bounds the number of values', () => {
    // BASE has two commas, and one bracket opens each of: the event, its fields, the list.
    const values = (commas: number) => `{${BASE},"output_fields":{"a":[${'1,'.repeat(commas)}1]}}`;
    expect(refusal(values(MAX_VALUES - 6))).toBe('accepted');
    expect(refusal(values(MAX_VALUES - 5))).toBe('body has more than 65536 values');
    expect(refusal(`{${BASE},"output":"${'['.repeat(1000)}${','.repeat(2 * MAX_VALUES)}"}`)).toBe('accepted');
    expect(refusal(`{${BASE},"output_fields":{"a":[${'[],'.repeat(MAX_VALUES)}1]}}`)).toBe(
      'body has more than 65536 values',
    );
  });

  it('keeps bytes that are not UTF-8 and shows them as U+FFFD', () => {
    const raw = Buffer.concat([
      Buffer.from(`{${BASE},"output":"a`),
      Buffer.from([0xff, 0xc3]),
      Buffer.from('"}'),
    ]);
    const seen = event(raw);
    expect(seen.output).toBe('a\ufffd\ufffd');
    expect(seen.raw).toBe(raw);
  });

  it('passes over a byte order mark', () => {
    const seen = event(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(`{${BASE}}`)]));
    expect(eventToJson(seen)).toBe(`{${BASE}}`);
  });

  it('takes the id of the event, else one of its bytes', () => {
    expect(event(`{${BASE},"uuid":"u-1"}`).id).toBe('u-1');
    const derived = event(`{${BASE},"uuid":""}`).id;
    expect(derived).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(event(`{${BASE},"uuid":""}`).id).toBe(derived);
    expect(event(`{${BASE}}`).id).not.toBe(derived);
    expect(event(`{${BASE},"uuid":7}`).extra.uuid).toBe(7);
    // Fixed for ever: ids are written into lakes.
    expect(event(`{${BASE}}`).id).toBe('8c09f016-36a2-855e-9185-ad384b0f5210');
  });
});

const number = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.tuple(fc.integer(), fc.stringMatching(/^[0-9]{1,20}$/)).map(([whole, part]) => `${whole}.${part}`),
  fc.tuple(fc.integer(), fc.integer({ min: -400, max: 400 })).map(([whole, power]) => `${whole}e${power}`),
  fc.constant('-0'),
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', '"', '\\', '7'),
);
const { json } = fc.letrec<{ json: string }>((self) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    text.map((value) => JSON.stringify(value)),
    fc.constantFrom('null', 'true', 'false'),
    fc.array(self('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    object(self('json')),
  ),
}));

function object(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  // Integer-like names move to the front in JavaScript, in JSON.parse too; order is not what is tested here.
  const name = text.filter((key) => !/^\d+$/.test(key));
  return fc
    .uniqueArray(fc.tuple(name, value), { maxLength: 5, selector: ([key]) => key })
    .map((members) => `{${members.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join(',')}}`);
}

/** Numbers on both sides of what a double holds, and names and values that are empty. */
const edges = [
  ...[0, 1, 2 ** 31, 2 ** 32, 2 ** 53].flatMap((n) => [n - 1, n].map(String)),
  ...[
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
    '18446744073709551616',
  ],
  ...[
    '-0',
    '0.0',
    '-0.0',
    '1e400',
    '5e-324',
    '1e-400',
    '1.7976931348623157e308',
    '""',
    '[]',
    '{}',
    '{"":{}}',
  ],
].map((value): [string] => [`{"a":${value},"":${value}}`]);

describe('properties', () => {
  it('output_fields without a member come back', () => {
    expect(stringify(event(`{${BASE},"output_fields":{}}`).fields)).toBe('{}');
  });

  it('any output_fields come back exactly as they were written', () => {
    fc.assert(
      fc.property(object(json), (fields) => {
        const seen = event(`{${BASE},"output_fields":${fields}}`);
        expect(stringify(seen.fields)).toBe(fields);
      }),
      { numRuns: runs(500), examples: edges },
    );
  });

  it('the enriched event keeps every member', () => {
    const decode = createDecoder({ ...noDecodeOptions, customTags: ['extra'] });
    fc.assert(
      fc.property(object(json), (fields) => {
        const written = `{${BASE},"output_fields":${fields},"more":${fields}}`;
        expect(eventToJson(decode(Buffer.from(written), 0))).toBe(
          `${written.slice(0, -1)},"tags":["extra"]}`,
        );
      }),
      { numRuns: runs(200), examples: edges },
    );
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseEvent(bytes, 0);
      }),
      {
        numRuns: runs(500),
        examples: ['', '{', '{}', '[', '0', '"', '\ufeff', '\ufeff{}', '\0', 'null'].map(
          (body): [Uint8Array] => [Buffer.from(body)],
        ),
      },
    );
    const whole = Buffer.from(`{${BASE},"output_fields":{"a":[1.0,{"b":9007199254740993}]}}`);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        const result = parseEvent(damaged, 0);
        if (result.ok) stringify(result.event.fields);
      }),
      {
        numRuns: runs(500),
        examples: [0, whole.length - 1].flatMap((at) =>
          [0, 0x22, 0x7d, 0xff].map((byte): [number, number] => [at, byte]),
        ),
      },
    );
  });
});

it('every sample is accepted and comes back exactly', () => {
  for (const line of sampleEvents()) {
    const seen = event(line);
    const { output_fields: fields } = JSON.parse(line) as { output_fields?: object | null };
    expect(Object.keys(seen.fields)).toEqual(Object.keys(fields ?? {}));
    if (Object.keys(fields ?? {}).length > 0)
      expect(line).toContain(`${stringify(seen.fields)}`.slice(0, 60));
  }
});

describe('real events', () => {
  it('every one is accepted and comes back exactly', () => {
    for (const line of realEvents()) {
      const seen = event(line);
      expect(eventToJson(seen)).toBe(line);
      expect(stringify(reassemble(seen, line))).toBe(line);
    }
  });

  it('so is every composed one', () => {
    for (const line of composedEvents()) expect(eventToJson(event(line))).toBe(line);
  });
});

/** The event put together again from its view, in the order of its text. */
function reassemble(seen: Event, line: string): FieldValue {
  const view: Record<string, FieldValue> = {
    ...seen.extra,
    rule: seen.rule,
    priority: seen.priority,
    time: seen.timeText,
    source: seen.source,
    hostname: seen.hostname,
    output: seen.output,
    tags: seen.tags,
    output_fields: seen.fields,
  };
  return Object.fromEntries(Object.keys(JSON.parse(line)).map((key) => [key, view[key]!]));
}
