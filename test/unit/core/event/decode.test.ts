import { describe, expect, it } from 'vitest';
import {
  createDecoder,
  createEnricher,
  type DecodeOptions,
  noDecodeOptions,
} from '../../../../core/event/decode.ts';
import { eventToJson, fieldText, stringify } from '../../../../core/event/encode.ts';
import { parseEvent } from '../../../../core/event/parse.ts';
import { sampleEvent } from '../../../../core/event/sample.ts';

const TEXT =
  '{"hostname":"node-1","output":"o","output_fields":{"evt.time":1783762698682419669,"proc.name":"sh","n":null},"priority":"Notice","rule":"R","tags":["a"],"time":"2026-07-11T09:44:58.682419669Z"}';

function decode(options: Partial<DecodeOptions>, text = TEXT, report?: (message: string) => void) {
  return createDecoder({ ...noDecodeOptions, ...options }, report)(Buffer.from(text), 1);
}

describe('createDecoder', () => {
  it('gives the event itself when nothing is added', () => {
    expect(eventToJson(decode({}))).toBe(TEXT);
  });

  it('adds fields and tags to the view, never to the bytes', () => {
    const event = decode({
      customFields: { env: 'prod', 'proc.name': 'mine' },
      customTags: ['a', 'b'],
      templatedFields: {
        where: "{{ hostname }}/{{ fields['proc.name'] }} {{ fields['evt.time'] }} {{ time }}",
      },
    });
    expect(event.tags).toEqual(['a', 'b']);
    expect({ ...event.fields }).toEqual({
      'evt.time': 1783762698682419669n,
      'proc.name': 'mine',
      n: null,
      env: 'prod',
      where: 'node-1/mine 1783762698682419669 2026-07-11T09:44:58.682419669Z',
    });
    expect(Buffer.from(event.raw).toString()).toBe(TEXT);
    expect(event).toMatchObject({
      rule: 'R',
      hostname: 'node-1',
      output: 'o',
      priority: 'Notice',
      source: '',
    });
    expect(eventToJson(event)).toBe(
      TEXT.replace(
        '"sh","n":null',
        '"mine","n":null,"env":"prod","where":"node-1/mine 1783762698682419669 2026-07-11T09:44:58.682419669Z"',
      ).replace('["a"]', '["a","b"]'),
    );
  });

  it('gives fields and tags to an event that has none', () => {
    const bare = '{"priority":"Notice","rule":"R","time":"2026-07-11T09:44:58Z","output_fields":null}';
    const event = decode({ customFields: { a: '1' }, customTags: ['t'] }, bare);
    expect(JSON.parse(eventToJson(event))).toMatchObject({ output_fields: { a: '1' }, tags: ['t'] });
  });

  it('leaves out a field whose template fails or says nothing, and tells it once', () => {
    const told: string[] = [];
    const templates = {
      file: "{% include '/etc/passwd' %}",
      empty: "{{ fields['nope'] }}",
      loop: '{% for a in (1..9999) %}{% for b in (1..9999) %}{{ b }}{% endfor %}{% endfor %}',
      memory: '{% for a in (1..100000000) %}x{% endfor %}',
      proto: '{{ fields.constructor }}{{ hostname.constructor }}{{ fields.__proto__ }}',
      ok: '{{ rule | downcase }}',
    };
    const decoder = createDecoder({ ...noDecodeOptions, templatedFields: templates }, (m) => told.push(m));
    for (let i = 0; i < 2; i++) {
      const { fields } = decoder(Buffer.from(TEXT), 1);
      expect(Object.keys(fields)).toEqual(['evt.time', 'proc.name', 'n', 'ok']);
    }
    expect(told.map((message) => message.split(' ')[2])).toEqual(['file', 'loop', 'memory']);
  });

  it('refuses a template that does not parse, by name', () => {
    expect(() => decode({ templatedFields: { where: '{{ hostname' } })).toThrow(
      /templated field where: .*not closed/,
    );
  });

  it('parses an event when it is looked into, and then says what is none', () => {
    const view = decode({}, '{"no":"event"}');
    expect([Buffer.from(view.raw).toString(), view.receivedAt]).toEqual(['{"no":"event"}', 1]);
    expect(() => view.rule).toThrow('not an event: rule is missing');
    const asked: Uint8Array[] = [];
    const get = (raw: Uint8Array) => {
      asked.push(raw);
      return undefined;
    };
    const event = createDecoder(noDecodeOptions, undefined, { get })(Buffer.from(TEXT), 1);
    expect(eventToJson(event)).toBe(TEXT);
    expect(asked).toEqual([]);
    expect([event.rule, event.hostname, event.fields['proc.name']]).toEqual(['R', 'node-1', 'sh']);
    expect(asked).toEqual([event.raw]);
  });
});

describe('createEnricher', () => {
  it('gives the event itself when nothing is added, and a view when one thing is', () => {
    const event = decode({});
    expect(createEnricher(noDecodeOptions)(event)).toBe(event);
    const additions: Partial<DecodeOptions>[] = [
      { customFields: { a: 'b' } },
      { customTags: ['t'] },
      { templatedFields: { a: 'b' } },
    ];
    for (const addition of additions) {
      const enriched = createEnricher({ ...noDecodeOptions, ...addition })(event);
      expect([enriched.fields.a ?? enriched.tags.at(-1), enriched.receivedAt]).toEqual([
        addition.customTags ? 't' : 'b',
        1,
      ]);
    }
  });
});

describe('eventToJson', () => {
  it('writes what a view of a view says, from the event itself', () => {
    const tags = { ...noDecodeOptions, customTags: ['t'] };
    const text = '{"time":"2026-07-11T09:44:58Z","rule":"R","zeta":1.0,\n"priority":"notice"}';
    const result = parseEvent(Buffer.from(text), 1);
    const parsed = result.ok ? createEnricher(tags)(result.event) : undefined;
    const viewed = decode({}, text);
    expect(eventToJson(createEnricher(tags)(viewed))).toBe(eventToJson(parsed!));
    expect(eventToJson(createEnricher(noDecodeOptions)(viewed))).toBe(text.replace('\n', ' '));
  });

  it('is one line, as it was sent, even when the text is laid out over many', () => {
    const text =
      '{\n  "rule": "R",\r\n  "priority": "info",\n  "time": "2026-07-11T09:44:58Z",\n  "x": 1.0,\n"y":1,\r"y":2}\n';
    expect(eventToJson(decode({}, text))).toBe(text.trim().replaceAll(/[\r\n]/g, ' '));
  });

  it('writes an event of another make from its view', () => {
    const plain = {
      ...decode({}),
      fields: { a: 1 },
      tags: ['t'],
      extra: { m: 2n },
      id: 'u',
      rule: 'R',
      source: 's',
      hostname: '',
      output: '',
      timeText: 'T',
      priority: 'Debug' as const,
    };
    expect(eventToJson(plain)).toBe(
      '{"uuid":"u","priority":"Debug","rule":"R","source":"s","time":"T","m":2,"output_fields":{"a":1},"tags":["t"]}',
    );
  });
});

describe('stringify', () => {
  it('prints records as JSON.stringify does where that can', () => {
    const record = {
      a: undefined,
      b: [undefined, null, true],
      d: new Date(0),
      e: {},
      f: Number.NaN,
      'g"': '\ud800',
    };
    expect(stringify(record as never)).toBe(JSON.stringify(record));
    expect(fieldText('a "text"')).toBe('a "text"');
    expect(fieldText(['a', 1n])).toBe('["a",1]');
  });
});

describe('sampleEvent', () => {
  it('is an event', () => {
    const now = Date.parse('2026-07-11T09:44:58.682Z');
    const result = parseEvent(sampleEvent(now, 'Alert'), now);
    expect(result).toMatchObject({
      ok: true,
      event: { rule: 'Test rule', source: 'internal', time: now, priority: 'Alert' },
    });
  });
});
