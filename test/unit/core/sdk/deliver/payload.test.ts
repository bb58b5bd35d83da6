import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRenderer } from '../../../../../core/event/template.ts';
import { textTemplate } from '../../../../../core/sdk/index.ts';
import { eventOf, recordingLogger } from '../../../outputs/support.ts';

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
