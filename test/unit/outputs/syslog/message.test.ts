import '../../../seed.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEvent } from '../../../../core/testing/index.ts';
import { FACILITIES } from '../../../../outputs/syslog/header.ts';
import { messageWriter } from '../../../../outputs/syslog/message.ts';
import type { SyslogOptions } from '../../../../outputs/syslog/options.ts';
import { realEvents } from '../../../support/corpus.ts';
import { hostileEvent } from '../../../support/hostile-text.ts';
import { parseSyslog } from '../../../support/syslog.ts';
import { eventOf, jsonTextMapper, recordingLogger } from '../support.ts';
import { OPTIONS } from './options.ts';

const context = { mapper: jsonTextMapper, log: recordingLogger() };
const bytesOf = (members: Parameters<typeof eventOf>[0], options: Partial<SyslogOptions> = {}): Buffer => {
  const event = eventOf(members);
  const mapped = jsonTextMapper.map(event);
  if (!mapped.ok) throw new Error(mapped.reason);
  return Buffer.from(messageWriter({ ...OPTIONS, ...options }, context)(mapped.record, event));
};
const parsed = (...given: Parameters<typeof bytesOf>) => parseSyslog(bytesOf(...given));

describe('the header of a syslog message', () => {
  it('is that of RFC 5424', () => {
    const event = eventOf({
      rule: 'Terminal shell in container',
      timeText: '2026-07-11T09:44:58.682419669Z',
      hostname: 'node-1.example.com',
    });
    const text = messageWriter(OPTIONS, context)('{"a":1}', event);
    expect(text).toBe(
      '<12>1 2026-07-11T09:44:58.682419Z node-1.example.com Falco - Terminal_shell_in_container - {"a":1}',
    );
  });

  it.each([
    ['Emergency', 0],
    ['Alert', 1],
    ['Critical', 2],
    ['Error', 3],
    ['Warning', 4],
    ['Notice', 5],
    ['Informational', 6],
    ['Debug', 7],
  ] as const)('gives %s the severity %i, in each facility', (priority, severity) => {
    for (const [number, facility] of FACILITIES.entries())
      expect(parsed({ priority }, { facility })).toMatchObject({ facility: number, severity });
  });

  it.each([
    ['2026-07-11T09:44:58Z', '2026-07-11T09:44:58Z'],
    ['2026-07-11T09:44:58.5Z', '2026-07-11T09:44:58.5Z'],
    ['2026-07-11t09:44:58.999999999z', '2026-07-11T09:44:58.999999Z'],
    ['2026-07-11 09:44:58.682419669+02:00', '2026-07-11T09:44:58.682419+02:00'],
    ['2026-07-11T09:44:58-0330', '2026-07-11T09:44:58-03:30'],
    ['2016-12-31T23:59:60.5Z', '2017-01-01T00:00:00.500Z'],
    ['0000-02-29T00:00:00Z', '0000-02-29T00:00:00Z'],
  ])('writes the time %s as %s', (time, timestamp) => {
    const event = decodeEvent(Buffer.from(JSON.stringify({ rule: 'r', priority: 'Debug', time })), 0);
    expect(parseSyslog(Buffer.from(messageWriter(OPTIONS, context)('', event))).timestamp).toBe(timestamp);
  });

  it('has nil for what an event does not say, and ASCII of the allowed length for the rest', () => {
    expect(parsed({ hostname: '' }).hostname).toBeUndefined();
    expect(parsed({ hostname: 'käse 🧀\n', rule: 'x'.repeat(40) })).toMatchObject({
      hostname: 'k_se___',
      msgId: 'x'.repeat(32),
    });
    expect(parsed({ hostname: 'h'.repeat(300) }).hostname).toHaveLength(255);
    // As syslog-ng wants it.
    expect(parsed({ hostname: 'a[b]/c\\d@e', rule: 'a[b]' })).toMatchObject({
      hostname: 'a_b__c_d_e',
      msgId: 'a[b]',
    });
    expect(parsed({ hostname: '2001:db8::1' }).hostname).toBe('2001:db8::1');
  });

  it('is of the grammar for every event, with all of the message behind it', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string());
    const members = fc.record({
      rule: text.filter((rule) => rule !== ''),
      hostname: text,
      output: text,
      priority: fc.constantFrom('Emergency' as const, 'Warning' as const, 'Debug' as const),
      fields: fc.dictionary(text, text, { noNullPrototype: false }),
    });
    fc.assert(
      fc.property(members, fc.boolean(), (event, bom) => {
        const message = parsed(event, { bom });
        expect(message.bom).toBe(bom);
        // The mapper of the test writes the raw bytes.
        expect(message.message).toBe(Buffer.from(eventOf(event).raw).toString());
      }),
    );
  });

  it('is of the grammar for real events, and the JSON arrives as it is', () => {
    for (const text of [...realEvents(), hostileEvent()]) {
      const event = decodeEvent(Buffer.from(text), 0);
      const message = parseSyslog(Buffer.from(messageWriter(OPTIONS, context)(text, event)));
      expect(JSON.parse(message.message!)).toEqual(JSON.parse(text));
      expect(message.timestamp?.slice(0, 19)).toBe(event.timeText.slice(0, 19));
    }
  });

  it('is one line, however the JSON was laid out', () => {
    const event = eventOf();
    const text = messageWriter(OPTIONS, context)('{\r\n  "a": 1,\n  "b": "x\\ny"\n}', event);
    expect(text).not.toMatch(/[\r\n]/);
    expect(JSON.parse(parseSyslog(Buffer.from(text)).message!)).toEqual({ a: 1, b: 'x\ny' });
  });
});

describe('structured data', () => {
  const structured_data = {
    'falco@32473': { rule: '{{ rule }}', namespace: '{{ fields["k8s.ns.name"] }}' },
    origin: { software: 'tiercel' },
    'empty@32473.1': {},
  };

  it('is written from templates', () => {
    expect(bytesOf({ rule: 'a "b" [c] \\d' }, { structured_data }).toString()).toContain(
      ' [falco@32473 rule="a \\"b\\" [c\\] \\\\d" namespace=""][origin software="tiercel"][empty@32473.1] ',
    );
  });

  it('gives back every value, but for control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (rule) => {
        const { structuredData } = parsed({ rule }, { structured_data });
        const value = structuredData.get('falco@32473')?.get('rule');
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are replaced.
        expect(value).toBe(rule.replace(/[\0-\x1f\x7f]/g, ' '));
      }),
    );
  });
});
