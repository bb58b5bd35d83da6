// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${env:…}` is the configuration's own.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { fileSource } from '../../../../../core/config/explain/source.ts';
import { interpolate } from '../../../../../core/config/read/interpolate.ts';
import { parseSource } from '../../../../../core/config/read/parse.ts';
import { find, toValue } from '../../../../../core/config/read/tree.ts';
import { memoryFiles } from '../support.ts';

async function filled(value: unknown, env: Record<string, string> = {}, files: Record<string, string> = {}) {
  const { root } = parseSource(fileSource('c.yaml', stringify(value), '/etc/t'));
  const result = await interpolate(root, { env, ...memoryFiles('/etc/t', files) });
  return { ...result, value: toValue(result.root) };
}

describe('interpolate', () => {
  it('fills in variables, defaults and files, and marks them secret', async () => {
    const { value, root, faults } = await filled(
      {
        a: 'x-${env:A}-y',
        b: '${env:B:-fall:-back}',
        c: '${env:EMPTY:-default}',
        d: '${env:EMPTY}',
        e: ['${file:secret}'],
        f: '$${env:A}',
        '${env:A}': 'keys stay',
      },
      { A: '1', EMPTY: '' },
      { secret: 'hunter2\n' },
    );
    expect(faults).toEqual([]);
    expect(value).toEqual({
      a: 'x-1-y',
      b: 'fall:-back',
      c: 'default',
      d: '',
      e: ['hunter2'],
      f: '${env:A}',
      '${env:A}': 'keys stay',
    });
    const secret = (...path: (string | number)[]) => (find(root, path).node as { secret: boolean }).secret;
    expect([secret('a'), secret('b'), secret('e', 0), secret('f')]).toEqual([true, true, true, false]);
  });

  it('never lets a value change the structure', async () => {
    const anything = fc.string({ unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(anything, async (secret) => {
        const { value, faults } = await filled({ a: { b: '${env:X}' }, c: 1 }, { X: secret });
        expect(faults).toEqual([]);
        expect(value).toEqual({ a: { b: secret }, c: 1 });
      }),
      {
        examples: [
          '',
          '$',
          '${',
          '$${',
          '${env:X}',
          '${env:X',
          '~',
          'null',
          '0',
          'true',
          '- a',
          'a: b',
          '# a',
          '\n',
          '\0',
        ].map((secret): [string] => [secret]),
      },
    );
  });

  it('leaves texts without a reference as they are, and gives back what was escaped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (text) => {
        const { value, faults } = await filled({ a: text.replaceAll('${', () => '$${') });
        expect(faults).toEqual([]);
        // `$$${`: the escape is found from the left, so a dollar in front of one stays.
        expect(value).toEqual({ a: text });
      }),
      { examples: [[''], ['$'], ['$$'], ['${'], ['$${'], ['$$${'], ['${${'], ['a$'], ['}']] },
    );
  });

  it('says everything that is wrong, without a value', async () => {
    const { faults } = await filled({
      a: '${env:NOPE} ${env:1x} ${HOME} ${file:} ${what:x} ${',
      b: '${file:gone}',
    });
    expect(faults.map(({ code }) => code)).toEqual(Array(7).fill('TIERCEL_CFG_INTERPOLATION'));
    expect(faults.map(({ message }) => message)).toEqual(
      ['NOPE', 'environment variable', '"${env:HOME}"', '"${file:}"', '"${…}"', '"${"', 'gone'].map((part) =>
        expect.stringContaining(part),
      ),
    );
  });
});
