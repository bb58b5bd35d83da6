import { Argument } from 'commander';
import type { AnyMapperDefinition, BuiltIns } from '../config/schema/plugins.ts';
import { createRegistry } from '../plugins/registry.ts';
import { CATEGORIES, type Category, type Stability } from '../sdk/contract/about.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { installCommand, type Packages } from '../sdk/contract/packages.ts';
import type { RegisterCommand } from './command.ts';
import { renderTable } from './render.ts';

type Entry = {
  readonly kind: 'output' | 'mapper';
  readonly type: string;
  readonly summary: string;
  readonly category?: Category | undefined;
  readonly stability?: Stability | undefined;
  readonly packages?: Packages | undefined;
  /** The command that installs them. */
  readonly install?: string | undefined;
};

const KINDS = ['outputs', 'mappers'] as const;

export const list: RegisterCommand = (program, cli) => {
  program
    .command('list')
    .description('the built-in outputs and mappers')
    .addArgument(new Argument('[kind]', 'only these').choices(KINDS))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  tiercel list outputs')
    .action(async (kind: (typeof KINDS)[number] | undefined, options: { json?: boolean }) => {
      const registry = createRegistry(cli.builtIns);
      const entries = [
        ...(kind === 'mappers' ? [] : await outputs(registry.outputs)),
        ...(kind === 'outputs' ? [] : await mappers(registry.mappers)),
      ];
      if (options.json) return cli.json(JSON.stringify(entries));
      const isOutput = (entry: Entry) => entry.kind === 'output';
      const tables = [
        tableOf(['type', 'category', 'stability', 'what it does'], entries.filter(isOutput)),
        tableOf(
          ['type', 'stability', 'what it does'],
          entries.filter((entry) => !isOutput(entry)),
        ),
      ];
      cli.out(tables.filter(Boolean).join('\n\n'));
      const needy = entries.flatMap(({ type, install }) => (install === undefined ? [] : [[type, install]]));
      if (needy.length > 0) {
        cli.out('\nThese need packages that are not installed with Tiercel:\n');
        cli.out(renderTable(['type', 'install them with'], needy, { maxCell: 200 }));
      }
      cli.out('\ntiercel describe TYPE says all about one.');
    });
};

/** Outputs of one category after the other, those without one at the end. */
async function outputs(builtIns: BuiltIns<AnyOutputDefinition>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [type, builtIn] of Object.entries(builtIns)) {
    const { summary, category, stability, packages } = await builtIn.load();
    const install = packages && installCommand(packages);
    entries.push({ kind: 'output', type, summary, category, stability, packages, install });
  }
  const categories: readonly (string | undefined)[] = [...Object.keys(CATEGORIES), undefined];
  return categories.flatMap((category) => entries.filter((entry) => entry.category === category));
}

async function mappers(builtIns: BuiltIns<AnyMapperDefinition>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [type, builtIn] of Object.entries(builtIns)) {
    const { summary, stability } = await builtIn.load();
    entries.push({ kind: 'mapper', type, summary, stability });
  }
  return entries;
}

/** A table with those columns; empty when there is nothing to list. */
function tableOf(columns: readonly string[], entries: readonly Entry[]): string {
  if (entries.length === 0) return '';
  const hasCategory = columns.includes('category');
  const rows = entries.map(({ type, category = '', stability = '', summary }) =>
    hasCategory ? [type, category, stability, summary] : [type, stability, summary],
  );
  return renderTable(columns, rows, { maxCell: 120 });
}
