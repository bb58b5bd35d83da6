import { describe, expect, it } from 'vitest';
import { renderErrors } from '../../../../../core/config/explain/render.ts';
import { loadConfig } from '../../../../../core/config/load.ts';
import { createRegistry } from '../../../../../core/plugins/registry.ts';
import {
  columnProblems,
  defineMapper,
  defineOutput,
  int64,
  type Mapper,
  Type,
} from '../../../../../core/sdk/index.ts';

const closed = { additionalProperties: false } as const;

/** An output that writes a table, and leaves room for so many columns. */
const table = defineOutput({
  apiVersion: 1,
  type: 'table',
  summary: 'Writes rows.',
  options: Type.Object({ columns: Type.Integer({ description: 'The most.', default: 9 }) }, closed),
  examples: [],
  batch: { events: 1 },
  mapper: 'texts',
  checkMapper: ({ record }, { columns }) => {
    if (columns === 0) throw new Error('no room for a column');
    return columnProblems(record);
  },
  create: () => ({ deliver: async () => ({ status: 'delivered' }) }),
});

const mapper = (type: string, create: () => Pick<Mapper, 'record'>) => ({
  module: `file:///built-in/${type}.js`,
  load: async () =>
    defineMapper({
      apiVersion: 1,
      type,
      summary: 'A mapper.',
      options: Type.Object({ note: Type.Optional(Type.String({ description: 'A note.' })) }, closed),
      create: () => ({ ...create(), map: () => ({ ok: true as const, record: {} }) }),
    }),
});

const registry = createRegistry({
  outputs: { table: { module: 'file:///built-in/table.js', load: async () => table } },
  mappers: {
    texts: mapper('texts', () => ({ record: Type.String() })),
    rows: mapper('rows', () => ({ record: Type.Object({ time: int64() }, closed) })),
    open: mapper('open', () => ({
      record: Type.Object({ a: Type.Any(), b: Type.Object({ c: Type.Ref('d') }, closed) }, closed),
    })),
    broken: mapper('broken', () => {
      throw new Error('no such field: proc.nme');
    }),
  },
});

/** What a user reads of a configuration. */
async function told(text: string): Promise<string> {
  const result = await loadConfig({ text, env: {}, registry });
  return result.ok ? 'valid' : renderErrors(result.errors);
}

describe('the mapper of an output that cannot write every record', () => {
  it('may have records that it can', async () => {
    expect(await told('outputs:\n  t: { type: table, mapper: rows }\n')).toBe('valid');
  });

  it('is refused where it is named, property by property', async () => {
    const text = 'outputs:\n  t:\n    type: table\n    mapper: { type: open, note: x }\n';
    const said = await told(text);
    expect(said).toMatch(/4:5: error: outputs\.t\.mapper: .*\bopen: a: has no type/);
    expect(said).toMatch(/4:5: error: outputs\.t\.mapper: .*\bopen: b\.c: is a reference/);
    expect(said).toContain('TIERCEL_CFG_MAPPER');
    expect(said).toContain('mapper: ocsf');
  });

  it('is refused at the output when the output chose it', async () => {
    expect(await told('outputs:\n  t: { type: table }\n')).toMatch(
      /2:3: error: outputs\.t: .*\btexts: record: must be a closed object/,
    );
  });

  it.each([
    ['mapper: broken', /\bbroken: .*: no such field: proc\.nme/],
    ['mapper: rows, columns: 0', /\brows: no room for a column/],
  ])('is refused when something throws: %s', async (more, message) => {
    expect(await told(`outputs:\n  t: { type: table, ${more} }\n`)).toMatch(message);
  });

  it('is not made for an output that is off', async () => {
    const text =
      'outputs:\n  t: { type: table, mapper: broken, enabled: false }\n  u: { type: table, mapper: rows }\n';
    expect(await told(text)).toBe('valid');
  });

  it('shows no secret', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an interpolation of the configuration
    const text = 'outputs:\n  t: { type: table, mapper: { type: broken, note: "${env:NOTE}" } }\n';
    const result = await loadConfig({ text, env: { NOTE: 'proc.nme' }, registry });
    expect(result.ok ? '' : renderErrors(result.errors)).toContain('TIERCEL_CFG_MAPPER');
    expect(result.ok ? '' : renderErrors(result.errors)).not.toContain('proc.nme');
  });
});
