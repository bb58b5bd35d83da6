import '../../../seed.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldValue } from '../../../../core/sdk/index.ts';
import { decodeEvent } from '../../../../core/testing/index.ts';
import { cefOf } from '../../../../outputs/syslog/cef.ts';
import { realEvents } from '../../../support/corpus.ts';
import { hostileEvent } from '../../../support/hostile-text.ts';
import { parseCef } from '../../../support/syslog.ts';
import { eventOf } from '../support.ts';

const fieldsOf = (fields: Record<string, FieldValue>) => Object.assign(Object.create(null), fields);
// biome-ignore lint/suspicious/noControlCharactersInRegex: these become spaces.
const CONTROLS = /[\0-\x09\x0b\x0c\x0e-\x1f\x7f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: in the header line breaks do, too.
const HEADER_CONTROLS = /[\0-\x1f\x7f]/g;

describe('CEF', () => {
  it('has the header of Falcosidekick with the rule as signature, and the keys of the dictionary', () => {
    const event = eventOf({
      rule: 'Terminal shell',
      priority: 'Critical',
      time: 1_783_763_098_682,
      tags: ['mitre_execution', 'T1059'],
      output: 'a=b|c\\d\ne',
      fields: fieldsOf({
        'proc.name': 'sh',
        'proc.pid': 42,
        'user.name': 'root',
        'user.uid': 0,
        'fd.cip': '10.0.0.1',
        'fd.cport': 5000,
        'fd.sip': '::1',
        'fd.sport': 443,
        'fd.l4proto': 'tcp',
        'fs.path.name': '/etc/shadow',
        'proc.cmdline': 'sh -c "x=1"',
        'k8s.ns.name': 'prod',
        'evt.type': 'openat',
        'proc.aname[2]': 'bash',
        'evt.time': 1_783_763_098_682_419_669n,
        'container.id': '<NA>',
        'user.loginname': null,
      }),
    });
    expect(cefOf(event)).toBe(
      [
        'CEF:0|Falcosecurity|Falco|1.0|Terminal shell|Terminal shell|8|externalId=11111111-2222-4333-8444-555555555555',
        'rt=1783763098682 start=1783763098682 dvchost=host-1 cat=syscall msg=a\\=b|c\\\\d\\ne',
        'cs1=mitre_execution,T1059 cs1Label=tags sproc=sh spid=42 suser=root suid=0 src=10.0.0.1 spt=5000',
        'FalcoFdSip=::1 dpt=443 proto=tcp filePath=/etc/shadow cs2=sh -c "x\\=1" cs2Label=proc.cmdline',
        'cs5=prod cs5Label=k8s.ns.name FalcoEvtType=openat FalcoProcAname2=bash FalcoEvtTime=1783763098682419669',
      ].join(' '),
    );
  });

  it.each([
    ['Emergency', '10'],
    ['Alert', '9'],
    ['Critical', '8'],
    ['Error', '7'],
    ['Warning', '6'],
    ['Notice', '4'],
    ['Informational', '3'],
    ['Debug', '0'],
  ] as const)('gives %s the severity of Falcosidekick', (priority, severity) => {
    expect(parseCef(cefOf(eventOf({ priority }))).header[6]).toBe(severity);
  });

  it('keeps apart fields whose names differ in other characters alone', () => {
    const fields = fieldsOf({ 'a.b': 1, a_b: 2, 'a.b2': 3, aB: 4, '': 5, __proto__: 'x', constructor: 'y' });
    const { extension } = parseCef(cefOf(eventOf({ fields })));
    const own = [...extension].filter(([key]) => key.startsWith('Falco')).map(([, value]) => value);
    expect(own.sort()).toEqual(['1', '2', '3', '4', '5', 'y']);
  });

  it('gives back every text, but for control characters', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\\', '=', '|', '\n', '\r', ' ', 'a', 'n', '\t') }),
    );
    const names = fc.oneof(
      text,
      fc.constantFrom('proc.name', 'fd.cip', 'proc.pid', 'proc.cmdline', 'a.b', 'a_b'),
    );
    fc.assert(
      fc.property(
        // An event without a rule is refused before.
        text.filter((rule) => rule !== ''),
        text,
        fc.dictionary(names, text, { noNullPrototype: false }),
        (rule, output, fields) => {
          const { header, extension } = parseCef(cefOf(eventOf({ rule, output, fields: fieldsOf(fields) })));
          expect(header.slice(4, 6)).toEqual(Array(2).fill(rule.replace(HEADER_CONTROLS, ' ')));
          expect(extension.get('msg') ?? '').toBe(output.replace(CONTROLS, ' '));
          const missing = ['', '<NA>', 'N/A'];
          const sent = Object.values(fields).filter((value) => !missing.includes(value));
          const known = ['externalId', 'rt', 'start', 'dvchost', 'cat', 'msg'];
          const arrived = [...extension].filter(([key]) => !known.includes(key) && !/^cs\dLabel$/.test(key));
          expect(arrived.map(([, value]) => value).sort()).toEqual(
            sent.map((value) => value.replace(CONTROLS, ' ')).sort(),
          );
        },
      ),
    );
  });

  it('is valid for real events', () => {
    for (const text of [...realEvents(), hostileEvent()]) {
      const event = decodeEvent(Buffer.from(text), 0);
      const { extension } = parseCef(cefOf(event));
      expect(extension.get('externalId')).toBe(event.id);
      if (event.output) expect(extension.get('msg')).toBe(event.output.replace(CONTROLS, ' '));
    }
  });
});
