import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventLabels, fieldTextOf } from '../../../../../core/sdk/index.ts';
import { eventOf, recordingLogger } from '../../../outputs/support.ts';

const own = { rule: eventOf().rule, host: 'host' };
const texts = { rule: ({ rule }: { rule: string }) => rule, host: () => own.host, none: () => '' };
const labelsOf = (templates: Record<string, string>, longest = 100, log = recordingLogger()) =>
  eventLabels(texts, 'labels', templates, { longest, log });

describe('eventLabels', () => {
  it('has the labels of the output without empty ones, then those of the templates', () => {
    const labels = labelsOf({ cluster: 'prod', priority: '{{ priority }}' })(eventOf());
    expect(Object.entries(labels)).toEqual([
      ['rule', 'Test rule'],
      ['host', 'host'],
      ['cluster', 'prod'],
      ['priority', 'Warning'],
    ]);
  });

  it('is replaced and removed by templates of the same name', () => {
    expect(labelsOf({ rule: 'x', host: '' })(eventOf())).toEqual({ rule: 'x' });
  });

  it('names the label whose template does not parse', () => {
    expect(() => labelsOf({ broken: '{{' })).toThrow('labels.broken');
  });

  it('cuts values at bytes, and no character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (rule, longest) => {
        const { rule: cut = '' } = labelsOf({}, longest)(eventOf({ rule }));
        expect(rule.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(longest);
        // The next character does not fit.
        const next = [...rule.slice(cut.length)][0] ?? '';
        expect(cut === rule || Buffer.byteLength(cut + next) > longest).toBe(true);
      }),
    );
  });
});

describe('fieldTextOf', () => {
  it.each([
    ['a text', 'x', 'x'],
    ['a number', 7, '7'],
    ['a large integer', 18446744073670260079n, '18446744073670260079'],
    ['a list', ['a', 1], '["a",1]'],
    ['null', null, ''],
    ['<NA>', '<NA>', ''],
    ['an empty text', '', ''],
  ])('of %s', (_, value, text) => {
    expect(fieldTextOf(eventOf({ fields: { f: value } }), 'f')).toBe(text);
  });

  it('of a field that is not there is empty', () => {
    expect(fieldTextOf(eventOf(), 'constructor')).toBe('');
  });
});
