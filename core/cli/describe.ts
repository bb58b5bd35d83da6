import { dirname, resolve } from 'node:path';
import { Option } from 'commander';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import type { AnyMapperDefinition, PluginProblem } from '../config/schema/plugins.ts';
import { optionRows } from '../docs/options.ts';
import { type Page, toMarkdown } from '../docs/page.ts';
import { mapperPage, outputPage, recordColumns } from '../docs/plugin.ts';
import { toTerminal } from '../docs/terminal.ts';
import type { PluginKind } from '../plugins/check.ts';
import { createRegistry } from '../plugins/registry.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { installCommand } from '../sdk/contract/packages.ts';
import type { BuiltIns } from './built-ins.ts';
import { EXIT, type RegisterCommand } from './command.ts';

interface DescribeOptions {
  readonly config: string;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

type Found =
  | { readonly kind: 'output'; readonly definition: AnyOutputDefinition }
  | { readonly kind: 'mapper'; readonly definition: AnyMapperDefinition };

export const describe: RegisterCommand = (program, cli) => {
  program
    .command('describe')
    .description('all about an output or mapper')
    .argument('<type>', 'as in the configuration: a built-in, a package or a path; its code is loaded')
    .addOption(
      new Option('-c, --config <file>', 'packages and paths are looked for from its folder')
        .default('tiercel.yaml')
        .env('TIERCEL_CONFIG'),
    )
    .option('--markdown', 'print the page as Markdown')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  tiercel describe aws_security_lake\n  tiercel describe ./tickets.js --markdown > tickets.md',
    )
    .action(async (type: string, options: DescribeOptions) => {
      const found = await find(cli.builtIns, type, dirname(resolve(options.config)));
      if ('problem' in found) {
        const { message, fix, code } = found.problem;
        cli.err([`error: ${message}`, fix, code].filter(Boolean).join('\n      '));
        return cli.exit(EXIT.usage);
      }
      if (options.json) return cli.json(JSON.stringify(asJson(found), null, 2));
      const page = pageOf(found, type);
      if (options.markdown) return cli.out(toMarkdown(page).trimEnd());
      const color = process.stdout.isTTY === true && !process.env.NO_COLOR;
      cli.out(toTerminal(page, { width: process.stdout.columns ?? 100, color }), { styled: color });
    });
};

/** An output of that type, else a mapper. */
async function find(
  builtIns: BuiltIns,
  type: string,
  configDir: string,
): Promise<Found | { readonly problem: PluginProblem }> {
  const registry = createRegistry(builtIns);
  const isMapper = Object.hasOwn(registry.mappers, type);
  const output = isMapper ? undefined : await registry.output(type, { configDir });
  if (output?.ok) return { kind: 'output', definition: output.value.definition };
  const mapper = await registry.mapper(type, { configDir });
  if (mapper.ok) return { kind: 'mapper', definition: mapper.value.definition };
  return { problem: nearer(output?.problem, mapper.problem) };
}

/** Of what was said about an output and about a mapper, the one that knows what was meant. */
function nearer(output: PluginProblem | undefined, mapper: PluginProblem): PluginProblem {
  return output === undefined || (output.suggestion === undefined && mapper.suggestion !== undefined)
    ? mapper
    : output;
}

function pageOf(found: Found, type: string): Page {
  return found.kind === 'output'
    ? outputPage(found.definition, type, { links: false })
    : mapperPage(found.definition, type);
}

function asJson({ kind, definition }: Found): { kind: PluginKind } & Record<string, unknown> {
  const { type, summary, stability, options } = definition;
  const about = {
    kind,
    type,
    summary,
    stability,
    options: optionRows(options as JsonSchema),
    schema: options,
  };
  if (kind === 'mapper') return { ...about, columns: recordColumns(definition) };
  const output = definition as AnyOutputDefinition;
  const { category, batch, batchBounds, timeout, ordering, idempotent, confirms, examples, notes } = output;
  const { packages } = output;
  const needs = packages && { packages, install: installCommand(packages) };
  const facts = { ordering: said(ordering), idempotent: said(idempotent), confirms: said(confirms) };
  return { ...about, category, ...needs, batch, batchBounds, timeout, ...facts, examples, notes };
}

/** JSON has no functions. */
function said(fact: unknown): unknown {
  return typeof fact === 'function' ? 'depends on the options' : fact;
}
