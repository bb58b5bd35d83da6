import { expect, it } from 'vitest';
import { loadConfig } from '../../../core/config/load.ts';
import type { Config } from '../../../core/config/schema/config.ts';
import { createRegistry } from '../../../core/plugins/registry.ts';
import { changesBetween } from '../../../core/reload-diff.ts';
import { mappers } from '../../../mappers/index.ts';
import { outputs } from '../../../outputs/index.ts';

const BASE = `
outputs:
  a: { type: file, path: ./a }
  b: { type: stdout, minimum_priority: notice }
  off: { type: stdout, enabled: false }
`;

async function load(text: string): Promise<Config> {
  const result = await loadConfig({ text, registry: createRegistry({ outputs, mappers }) });
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.config;
}

async function changes(before: string, after: string) {
  const old = await load(before);
  const running = old.outputs.filter(({ enabled }) => enabled);
  const { start, stop, needsRestart, config } = changesBetween(old, await load(after), running);
  return { start: start.map(({ name }) => name), stop, needsRestart, config };
}

it.each<[string, string, string[], string[]]>([
  ['nothing', BASE, [], []],
  ['a comment and another order', BASE.replace('outputs:', '# a comment\noutputs:'), [], []],
  ['an option', BASE.replace('./a', './x'), ['a'], []],
  ['a route', BASE.replace('notice', 'error'), ['b'], []],
  ['a batch', BASE.replace('./a', './a, batch: { every: 7s }'), ['a'], []],
  ['a policy', BASE.replace('./a', './a, retry: { max_age: 1h }'), ['a'], []],
  ['a type', BASE.replace('type: stdout, minimum', 'type: file, path: ./b, minimum'), ['b'], []],
  ['which output is told of dead letters', BASE.replace('./a', './a, on_dead_letter: b'), [], []],
  ['a new output', `${BASE}  c: { type: stdout }\n`, ['c'], []],
  ['one that is enabled', BASE.replace(', enabled: false', ''), ['off'], []],
  ['one that is disabled', BASE.replace('./a', './a, enabled: false'), [], ['a']],
  ['one that is gone', BASE.replace(/ {2}b.*\n/, ''), [], ['b']],
  ['what every event is enriched with', `enrich: { custom_tags: [x] }\n${BASE}`, ['a', 'b'], []],
])('%s: only what changed is touched', async (_, after, start, stop) => {
  expect(await changes(BASE, after)).toMatchObject({ start, stop, needsRestart: [] });
});

it('takes over without a restart which output is told of dead letters', async () => {
  const told = `dead_letters: { on_dead_letter: b }\n${BASE}`;
  for (const [before, after] of [
    [BASE, told],
    [told, BASE],
  ] as const) {
    const { needsRestart, config, start } = await changes(before, after);
    expect([needsRestart, start]).toEqual([[], []]);
    expect(config.dead_letters.on_dead_letter).toBe(after === told ? 'b' : undefined);
  }
  const larger = `dead_letters: { on_dead_letter: b, max_size: 2GiB }\n${BASE}`;
  const { needsRestart, config } = await changes(BASE, larger);
  expect(needsRestart).toEqual(['dead_letters']);
  expect(config.dead_letters).toEqual({ max_size: 2 ** 30, on_dead_letter: 'b' });
});

it('keeps the old values of what only a restart takes over, and names it', async () => {
  const { needsRestart, config, start } = await changes(
    BASE,
    `server: { listen: 127.0.0.1:1 }\njournal: { max_size: 1GiB }\n${BASE}`,
  );
  expect(needsRestart).toEqual(['server', 'journal']);
  expect(config.server.listen).toBe('0.0.0.0:2801');
  expect(config.journal.max_size).toBe(4 * 2 ** 30);
  expect(start).toEqual([]);
});
