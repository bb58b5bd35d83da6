import { describe, expect, it } from 'vitest';
import { renderErrors } from '../../../../core/config/explain/render.ts';
import { loadConfig } from '../../../../core/config/load.ts';
import { toMarkdown } from '../../../../core/docs/page.ts';
import { nameFrom, outputPage } from '../../../../core/docs/plugin.ts';
import { starterConfig } from '../../../../core/docs/starter-config.ts';
import { createRegistry } from '../../../../core/plugins/registry.ts';
import {
  type AnyOutputDefinition,
  defineOutput,
  delivered,
  duration,
  Type,
} from '../../../../core/sdk/index.ts';
import { createMetrics } from '../../../../core/telemetry/metrics.ts';
import { builtIns } from '../../../../distribution/built-ins.ts';

const tickets = defineOutput({
  apiVersion: 1,
  type: 'tickets',
  summary: 'Opens tickets.',
  category: 'alerting',
  stability: 'experimental',
  options: Type.Object({ every: duration({ description: 'How often.', default: '5m' }) }),
  examples: [{ title: 'Minimal', options: {} }],
  batch: { every: 90_000 },
  batchBounds: { every: [60_000, 3_600_000] },
  mapper: () => ({ type: 'event', options: {} }),
  ordering: 'partition',
  idempotent: true,
  create: () => ({ deliver: async () => delivered() }),
});

describe('outputPage', () => {
  const page = toMarkdown(outputPage(tickets, '@acme/tiercel-tickets'));

  it('says what the definition says', () => {
    expect(page).toContain(
      '# @acme/tiercel-tickets\n\nOpens tickets.\n\nCategory: Alerting and on-call. Experimental: options and payload may change with any version.',
    );
    expect(page).toContain('| `every` | duration | `"5m"` | How often. |');
    expect(page).toContain('| `batch.every` | `1m30s` | 1m to 1h | Closed at this age. |');
    expect(page).toContain('At most one batch of a partition is under way');
    expect(page).toContain('Harmless');
    expect(page).toContain('| confirmation | Delivered means that the destination has confirmed it. |');
    expect(page).toContain('  tickets:\n    type: "@acme/tiercel-tickets"');
  });

  it('says which packages it needs, in which versions', () => {
    const packages = { 'left-pad': '^1.0.0', '@acme/wire': '>=2.1.0 <=2.5.0' };
    const page = toMarkdown(outputPage(defineOutput({ ...tickets, packages }), 'tickets'));
    expect(page).toContain(
      'Needs `left-pad` `^1.0.0` and `@acme/wire` `>=2.1.0 <=2.5.0`, not installed with Tiercel.',
    );
    expect(page).toContain('```sh\nnpm install "left-pad@^1.0.0" "@acme/wire@>=2.1.0 <=2.5.0"\n```');
  });

  it('says that nothing is confirmed', () => {
    const page = toMarkdown(outputPage(defineOutput({ ...tickets, confirms: false }), 'tickets'));
    expect(page).toContain('| confirmation | None: delivered means sent,');
  });

  it('says what holds in each example where it depends on the options', () => {
    const definition = defineOutput({
      ...tickets,
      examples: [
        { title: 'Minimal', options: {} },
        { title: 'Seldom', options: { every: '1h' } },
      ],
      // Of decoded options: milliseconds, defaults filled in.
      ordering: ({ every }: { every: number }) => (every > 300_000 ? 'partition' : 'none'),
    });
    expect(toMarkdown(outputPage(definition, 'tickets'))).toContain(
      '| order | Depends on the options. In the examples below: “Minimal”: Batches may overtake each other. “Seldom”: At most one batch',
    );
  });

  it('claims nothing that the definition does not say', () => {
    const silent = { ...(tickets as AnyOutputDefinition), category: undefined, stability: undefined };
    expect(toMarkdown(outputPage(silent as AnyOutputDefinition, 'tickets'))).toContain(
      'Opens tickets.\n\n## Options',
    );
  });

  it('offers no mapper where it is fixed', () => {
    expect(page).not.toContain('`when`, `mapper`');
    expect(page).toContain('`mapper` cannot be set');
  });

  it('names metrics that there are', () => {
    const scraped = () => {
      throw new Error('not scraped');
    };
    const metrics = createMetrics({
      version: '',
      runtime: '',
      journal: scraped,
      deadLetters: scraped,
      now: () => 0,
    }).describe();
    const named = page.match(/tiercel_[a-z_]+/g) ?? [];
    expect(named.length).toBeGreaterThan(2);
    for (const name of named) expect(metrics.map((metric) => metric.name)).toContain(name);
  });
});

describe('nameFrom', () => {
  it.each([
    ['file', 'file'],
    ['@acme/tiercel-tickets', 'tickets'],
    ['./outputs/my.tickets.js', 'my_tickets'],
    ['./7up.mjs', 'output_7up'],
  ])('%s', (type, name) => {
    expect(nameFrom(type)).toBe(name);
  });
});

describe('starterConfig', () => {
  const registry = createRegistry(builtIns);

  it.each(Object.keys(registry.outputs))(
    'with %s is a valid configuration that names every option',
    async (type) => {
      const definition = await registry.outputs[type]!.load();
      const text = starterConfig([
        { name: type, type, definition, options: { ...definition.examples[0]!.options } },
      ]);
      const result = await loadConfig({ text, registry });
      expect(result.ok ? '' : renderErrors(result.errors)).toBe('');
      for (const option of Object.keys(definition.options.properties)) {
        expect(text).toMatch(new RegExp(`^    (# )?${option}: ?`, 'm'));
      }
    },
  );
});
