import type { Command } from 'commander';
import { configSchema } from '../config/schema/editor-schema.ts';
import type { AnyMapperDefinition, BuiltIns } from '../config/schema/plugins.ts';
import { createRegistry } from '../plugins/registry.ts';
import { CATEGORIES } from '../sdk/contract/about.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { cliPage } from './cli.ts';
import { type ExampleFrame, exampleConfig } from './example-config.ts';
import { falcosidekickPage } from './falcosidekick.ts';
import { type Block, heading, type Page, table, text, toMarkdown } from './page.ts';
import { mapperPage, outputPage } from './plugin.ts';
import { configPage, errorsPage, metricsPage } from './reference.ts';

const GENERATED = '<!-- Written by scripts/generate-docs.js from the definitions; do not edit. -->\n\n';

/**
 * Every generated file of the documentation by its path from the package's root.
 *
 * @param program the command line with all of its commands
 */
export async function renderDocs(
  builtIns: {
    readonly outputs: BuiltIns<AnyOutputDefinition>;
    readonly mappers: BuiltIns<AnyMapperDefinition>;
    readonly example: ExampleFrame;
  },
  program: Command,
): Promise<ReadonlyMap<string, string>> {
  const registry = createRegistry(builtIns);
  const files = new Map<string, string>();
  const add = (path: string, page: Page) => files.set(path, GENERATED + toMarkdown(page));

  const definitions: Record<string, AnyOutputDefinition> = {};
  for (const type of Object.keys(registry.outputs).sort()) {
    const definition = await registry.outputs[type]!.load();
    definitions[type] = definition;
    add(`docs/outputs/${type}.md`, outputPage(definition, type));
  }
  const mappers: Record<string, AnyMapperDefinition> = {};
  for (const type of Object.keys(registry.mappers).sort()) {
    const definition = await registry.mappers[type]!.load();
    mappers[type] = definition;
    add(`docs/mappers/${type}.md`, mapperPage(definition, type, { columns: false }));
  }
  add('docs/outputs/README.md', outputsPage(definitions));
  add('docs/mappers/README.md', [
    heading(1, 'Mappers'),
    text('The built-in mappers: how events become records.'),
    list(Object.entries(mappers)),
  ]);
  add('docs/config.md', configPage());
  add('docs/falcosidekick-keys.md', falcosidekickPage(definitions));
  add('docs/cli.md', cliPage(program));
  add('docs/errors.md', errorsPage());
  add('docs/metrics.md', metricsPage(describeMetrics()));
  files.set('config.example.yaml', exampleConfig(builtIns.example, definitions));
  files.set('config.schema.json', `${JSON.stringify(await configSchema(registry), null, 2)}\n`);
  return files;
}

/** The list of outputs, by category. */
function outputsPage(definitions: Readonly<Record<string, AnyOutputDefinition>>): Page {
  const groups = Object.entries(CATEGORIES).map(([category, title]) => ({
    title,
    entries: Object.entries(definitions).filter(([, definition]) => definition.category === category),
  }));
  return [
    heading(1, 'Outputs'),
    text('The built-in outputs. [One of your own](../write-an-output.md) is a file of about 25 lines.'),
    ...groups
      .filter(({ entries }) => entries.length > 0)
      .flatMap(({ title, entries }) => [heading(2, title), list(entries)]),
  ];
}

function list(
  entries: readonly (readonly [type: string, about: Pick<AnyMapperDefinition, 'summary' | 'stability'>])[],
): Block {
  return table(
    ['type', 'stability', 'what it does'],
    entries.map(([type, { stability = '', summary }]) => [`[\`${type}\`](${type}.md)`, stability, summary]),
  );
}

function describeMetrics() {
  const scraped = () => {
    throw new Error('nothing is scraped here');
  };
  const from = { journal: scraped, deadLetters: scraped };
  return createMetrics({ version: '', runtime: '', ...from, now: () => 0 }).describe();
}
