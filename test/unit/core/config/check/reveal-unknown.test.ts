import { describe, expect, it } from 'vitest';
import { renderErrors } from '../../../../../core/config/explain/render.ts';
import { loadConfig } from '../../../../../core/config/load.ts';
import { testRegistry } from '../support.ts';

/** The line that the error of an unknown key quotes. */
async function quoted(member: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const text = `outputs:\n  hook: { type: webhook, url: https://a.example, ${member} }\n`;
  const result = await loadConfig({ text, env, registry: testRegistry() });
  const shown = result.ok ? '' : renderErrors(result.errors).split('\n')[1]!;
  return shown.slice(shown.indexOf('example, ') + 'example, '.length, -' }'.length);
}

describe('the value of an unknown key', () => {
  it.each([
    'colour: red',
    'attempts: 5',
    'verbose: true',
    'checkcert: false',
    'labels: [a, b]',
    'extra: { colour: red }',
    'minimum_priorty: warning',
  ])('is shown: %s', async (member) => {
    expect(await quoted(member)).toBe(member);
  });

  it.each([
    ['tokn: hunter', 'tokn: ***'],
    ['pasword: hunter', 'pasword: ***'],
    ['psswd: 8675309', 'psswd: ***'],
    ['api-key: hunter', 'api-key: ***'],
    ['secrt: hunter', 'secrt: ***'],
    ['webhookurl: hunter', 'webhookurl: ***'],
    ['target: https://b.example/x', 'target: ***'],
    ['room: T0123456789abcdefgh', 'room: ***'],
    ['extra: { login: { name: hunter } }', 'extra: { login: { name: *** } }'],
    ['x_header: { a: hunter }', 'x_header: { a: *** }'],
  ])('is hidden: %s', async (member, shown) => {
    expect(await quoted(member)).toBe(shown);
  });

  it('is hidden when it comes from the environment', async () => {
    expect(await quoted(`colour: "$\{env:COLOUR}"`, { COLOUR: 'red' })).not.toContain('red');
  });
});
