import { expect, it } from 'vitest';
import { renderLine } from '../../../../../core/config/explain/render.ts';
import { loadConfig } from '../../../../../core/config/load.ts';
import { createRegistry } from '../../../../../core/plugins/registry.ts';
import { defineMapper, defineOutput, Type } from '../../../../../core/sdk/index.ts';
import { memoryFiles } from '../support.ts';

const old = (description: string) => Type.Optional(Type.String({ deprecated: true, description }));
const output = defineOutput({
  apiVersion: 1,
  type: 'hook',
  summary: 'Posts.',
  options: Type.Object({
    url: Type.String({ description: 'Where to.' }),
    address: old('Use `url`.'),
    retries: Type.Integer({ deprecated: true, default: 3, description: 'Use `retry.max_age`.' }),
    proxy: Type.Optional(
      Type.Object({ host: old('Gone.') }, { deprecated: true, description: 'Use `way`.' }),
    ),
    pools: Type.Optional(Type.Array(Type.Object({ size: old('No size.') }), { description: 'Pools.' })),
  }),
  examples: [],
  batch: { events: 1 },
  create: () => ({ deliver: async () => ({ status: 'delivered' }) }),
});
const mapper = defineMapper({
  apiVersion: 1,
  type: 'falco',
  summary: 'As received.',
  options: Type.Object({ short: old('Use `template`.') }),
  create: () => ({ map: (event) => ({ ok: true, record: event.rule }) }),
});
const registry = createRegistry({
  outputs: { hook: { module: 'file:///hook.js', load: async () => output } },
  mappers: { falco: { module: 'file:///falco.js', load: async () => mapper } },
});

async function warningsOf(text: string) {
  const files = memoryFiles('/etc/t', { 'config.yaml': text });
  const { ok, warnings } = await loadConfig({ file: '/etc/t/config.yaml', env: {}, registry, ...files });
  return { ok, lines: warnings.map(renderLine), codes: new Set(warnings.map(({ code }) => code)) };
}

it('warns of each deprecated option that is set, where it is, with what to use instead', async () => {
  expect(
    await warningsOf(`outputs:
  web:
    type: hook
    url: https://a.example
    address: hunter2
    retries: 4
    proxy: { host: a }
    pools: [{}, { size: a }]
    mapper: { type: falco, short: a }
`),
  ).toEqual({
    ok: true,
    lines: [
      '/etc/t/config.yaml:5:5: outputs.web.address: is deprecated. Use `url`.',
      '/etc/t/config.yaml:6:5: outputs.web.retries: is deprecated. Use `retry.max_age`.',
      '/etc/t/config.yaml:7:5: outputs.web.proxy: is deprecated. Use `way`.',
      '/etc/t/config.yaml:8:19: outputs.web.pools.1.size: is deprecated. No size.',
      '/etc/t/config.yaml:9:28: outputs.web.mapper.short: is deprecated. Use `template`.',
    ],
    codes: new Set(['TIERCEL_CFG_DEPRECATED']),
  });
});

it('says nothing of defaults and of empty values', async () => {
  const quiet = await warningsOf('outputs: { web: { type: hook, url: https://a.example, address: } }');
  expect(quiet).toMatchObject({ ok: true, lines: [] });
});

it('warns of a configuration that has mistakes, too', async () => {
  const broken = await warningsOf('outputs: { web: { type: hook, address: a } }');
  expect(broken).toMatchObject({ ok: false, lines: [expect.stringContaining('outputs.web.address')] });
});
