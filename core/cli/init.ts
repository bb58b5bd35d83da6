import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parse } from 'yaml';
import { renderErrors } from '../config/explain/render.ts';
import { loadConfig } from '../config/load.ts';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import type { Registry } from '../config/schema/plugins.ts';
import { nameFrom } from '../docs/plugin.ts';
import { type StarterOutput, starterConfig } from '../docs/starter-config.ts';
import { codeOf } from '../journal/files/filesystem.ts';
import { createRegistry } from '../plugins/registry.ts';
import { printable } from '../sdk/contract/printable.ts';
import { EXIT, type RegisterCommand } from './command.ts';

interface InitOptions {
  readonly config: string;
  readonly output: readonly string[];
  readonly set: readonly string[];
  readonly json?: boolean;
}

/** Asks a question; what is offered is taken for an empty answer. */
export type Ask = (question: string, offered: string) => Promise<string>;

const collect = (value: string, all: readonly string[]) => [...all, value];

export const init: RegisterCommand = (program, cli) => {
  program
    .command('init')
    .description('write a commented configuration')
    .option('-c, --config <file>', 'the file to write; never one that exists', 'tiercel.yaml')
    .option('--output <[name=]type>', 'an output to begin with; may be repeated', collect, [])
    .option(
      '--set <path=value>',
      'an option, as in outputs.file.path=./events.ndjson; may be repeated',
      collect,
      [],
    )
    .option('--json', 'print JSON, and ask nothing')
    .addHelpText(
      'after',
      '\nOn a terminal it asks for what is not said.\n\nExamples:\n  tiercel init\n  tiercel init --output archive=file --set outputs.archive.path=./events.ndjson',
    )
    .action(async (options: InitOptions) => {
      const registry = createRegistry(cli.builtIns);
      const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
      const isAsking = options.output.length === 0 && isTerminal && !options.json;
      if (options.output.length === 0 && !isAsking) {
        cli.err(
          `error: say which outputs, as in\n  tiercel init --output file\nBuilt in: ${Object.keys(registry.outputs).join(', ')}.`,
        );
        return cli.exit(EXIT.usage);
      }
      const outputs = isAsking
        ? await onTerminal((ask) => askOutputs(ask, registry, options))
        : await chooseOutputs(registry, options.output, options);
      if (typeof outputs === 'string') {
        cli.err(`error: ${outputs}`);
        return cli.exit(EXIT.usage);
      }
      const text = starterConfig(outputs);
      const checked = await loadConfig({ file: options.config, text, env: process.env, registry });
      if (!checked.ok) {
        cli.err(renderErrors(checked.errors));
        cli.err('Nothing was written. Say what is missing with --set.');
        return cli.exit(EXIT.usage);
      }
      try {
        // A configuration may hold secrets.
        await writeFile(options.config, text, { flag: 'wx', mode: 0o600 });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        cli.err(`error: ${options.config} exists already and is left as it is; name another with -c`);
        return cli.exit(EXIT.failed);
      }
      if (options.json) {
        const written = outputs.map(({ name, type }) => ({ name, type }));
        return cli.json(JSON.stringify({ file: options.config, outputs: written }));
      }
      cli.out(
        `Wrote ${options.config} with ${outputs.map(({ name, type }) => `${name} (${type})`).join(', ')}.`,
      );
      cli.out(
        `Next: put your own values in, then\n  tiercel validate -c ${options.config}\n  tiercel run -c ${options.config}`,
      );
    });
};

/** The outputs that were named, with their first example and what `--set` says over it. @returns what is wrong, else */
async function chooseOutputs(
  registry: Registry,
  wanted: readonly string[],
  { config, set }: InitOptions,
): Promise<readonly StarterOutput[] | string> {
  const configDir = dirname(resolve(config));
  const outputs: StarterOutput[] = [];
  for (const text of wanted) {
    const [, given, type = text] = /^([A-Za-z][\w-]*)=(.+)$/.exec(text) ?? [];
    const found = await registry.output(type, { configDir });
    if (!found.ok) return [found.problem.message, found.problem.fix].filter(Boolean).join('\n');
    const { definition } = found.value;
    const name = given ?? freeName(nameFrom(type), outputs);
    outputs.push({ name, type, definition, options: { ...definition.examples[0]?.options } });
  }
  return applySets(outputs, set);
}

function freeName(name: string, outputs: readonly StarterOutput[]): string {
  const isTaken = (candidate: string) => outputs.some((output) => output.name === candidate);
  if (!isTaken(name)) return name;
  for (let number = 2; ; number++) if (!isTaken(`${name}_${number}`)) return `${name}_${number}`;
}

function applySets(
  outputs: readonly StarterOutput[],
  sets: readonly string[],
): readonly StarterOutput[] | string {
  let result = outputs;
  for (const set of sets) {
    const [, name, option, value = ''] = /^outputs\.([\w-]+)\.([\w-]+)=(.*)$/s.exec(set) ?? [];
    const output = result.find((one) => one.name === name);
    if (option === undefined) return `--set ${set} is not of the form outputs.NAME.OPTION=value`;
    if (output === undefined) return `there is no output "${name}" among those of --output`;
    const schema = (output.definition.options as JsonSchema).properties?.[option];
    const options = { ...output.options, [option]: schema?.type === 'string' ? value : parse(value) };
    result = result.map((one) => (one === output ? { ...one, options } : one));
  }
  return result;
}

/** Asks which outputs, and for what each of them must be told. */
export async function askOutputs(
  ask: Ask,
  registry: Registry,
  options: Pick<InitOptions, 'config' | 'set'>,
): Promise<readonly StarterOutput[] | string> {
  const types = Object.keys(registry.outputs);
  const answer = await ask(`Outputs (${types.join(', ')})`, 'file');
  const wanted = answer.split(/[\s,]+/).filter(Boolean);
  const outputs = await chooseOutputs(registry, wanted, { ...options, output: wanted });
  if (typeof outputs === 'string') return outputs;
  const told: StarterOutput[] = [];
  for (const output of outputs) {
    const given: Record<string, unknown> = { ...output.options };
    for (const [key, schema] of Object.entries((output.definition.options as JsonSchema).properties ?? {})) {
      const isAsked = schema.type === 'string' && Object.hasOwn(given, key);
      if (isAsked)
        given[key] = await ask(`${output.name}: ${key} (${schema.description})`, String(given[key]));
    }
    told.push({ ...output, options: given });
  }
  return told;
}

async function onTerminal<T>(run: (ask: Ask) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await run(async (question, offered) => {
      const answer = (await terminal.question(printable(`${question} [${offered}]: `))).trim();
      return answer === '' ? offered : answer;
    });
  } finally {
    terminal.close();
  }
}
