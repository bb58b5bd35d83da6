import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRenderer } from '../../../../../core/event/template.ts';
import { eventLabels, fieldTextOf, textTemplate } from '../../../../../core/sdk/index.ts';
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
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.integer({ min: 0, max: 40 }),
        (rule, longest) => {
          const { rule: cut = '' } = labelsOf({}, longest)(eventOf({ rule }));
          expect(rule.startsWith(cut)).toBe(true);
          expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(longest);
          // The next character does not fit.
          const next = [...rule.slice(cut.length)][0] ?? '';
          expect(cut === rule || Buffer.byteLength(cut + next) > longest).toBe(true);
        },
      ),
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

describe('textTemplate', () => {
  it('gives what Liquid gives, also for the templates that it does without', () => {
    const texts = [
      'falco',
      ' a } b ',
      ...['id', 'rule', 'priority', 'source', 'hostname', 'output'].flatMap((name) => [
        `{{ ${name} }}`,
        `{{${name}}}`,
        `x {{ ${name} }}`,
        `{{ ${name} | downcase }}`,
      ]),
    ];
    const compiled = texts.map((text) => {
      const render = createRenderer({ text }, () => {});
      return [textTemplate('text', text, recordingLogger()), render] as const;
    });
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), text, text, (rule, hostname, output) => {
        const event = eventOf({ rule, hostname, output });
        for (const [short, render] of compiled)
          expect(short(event)).toBe(render(event, event.fields).text ?? '');
      }),
    );
  });

  it('refuses a template that does not parse, and is empty where one fails', () => {
    const log = recordingLogger();
    expect(() => textTemplate('topic', '{{ rule', log)).toThrow(/topic/);
    const failing = textTemplate('topic', '{% for n in (1..9000000) %}x{% endfor %}', log);
    expect([failing(eventOf()), failing(eventOf())]).toEqual(['', '']);
    expect(log.lines).toHaveLength(1);
  });
});
