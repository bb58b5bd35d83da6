import { stringify } from 'yaml';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import { OutputSchema } from '../config/schema/output.ts';
import { ConfigSchema, type ConfigTest } from '../config/schema/sections.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { comment, commented, commentedYaml, flow, indent } from './commented-yaml.ts';
import { nameFrom } from './plugin.ts';

/** An output of the example configuration. */
export interface ExampleOutput {
  readonly name: string;
  readonly type: string;
  /** What to know of it, above it. */
  readonly note: string;
  /** Options and settings in YAML spelling. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What of the example configuration is written by hand; all else comes from the definitions. */
export interface ExampleFrame {
  /** Comment lines at its head. */
  readonly intro: string;
  /** The outputs that it runs with. */
  readonly outputs: readonly ExampleOutput[];
  /** A further one, as a comment, that shows the settings which every output has. */
  readonly settings: ExampleOutput;
  readonly tests: readonly ConfigTest[];
}

/**
 * The whole configuration, commented: every section and option, every setting that outputs share, an example of every
 * built-in type. It runs as it is.
 *
 * @param options.all with everything in force that is a comment otherwise: what tests hold to be valid
 */
export function exampleConfig(
  frame: ExampleFrame,
  definitions: Readonly<Record<string, AnyOutputDefinition>>,
  { all = false }: { all?: boolean } = {},
): string {
  const sections = Object.entries((ConfigSchema as JsonSchema).properties!)
    .filter(([name]) => name !== 'outputs' && name !== 'tests')
    .map(([name, schema]) => commentedYaml({ properties: { [name]: schema } }, { all }));
  const hidden = (text: string) => (all ? text : commented(text));
  const shown = new Set([...frame.outputs, frame.settings].map(({ type }) => type));
  const others = Object.entries(definitions).filter(([type]) => !shown.has(type));
  const outputs = [
    ...frame.outputs.map((output) => running(output, definitions[output.type]!)),
    comment(frame.settings.note) + hidden(withSettings(frame.settings)),
    comment('One of each other type that is built in follows: tiercel describe TYPE says all about it.'),
    ...others.map(([type, definition]) => comment(definition.summary) + hidden(oneOf(type, definition))),
  ];
  return [
    frame.intro,
    ...sections,
    `${comment('Where events go, each output under a name that stays: its place in the journal hangs on it.')}outputs:\n${indent(outputs.join('\n'), 2)}`,
    `${comment('Which events go where, held by `tiercel test -c config.example.yaml`.')}tests:\n${frame.tests.map(oneTest).join('')}`,
  ].join('\n');
}

/** An output in force, its options with what they are. */
function running({ name, type, note, options }: ExampleOutput, definition: AnyOutputDefinition): string {
  const all = {
    ...(definition.options as JsonSchema).properties,
    ...(OutputSchema as JsonSchema).properties,
  };
  const properties = Object.fromEntries(Object.keys(options).map((key) => [key, all[key] ?? {}]));
  return `${comment(note)}${name}:\n  type: ${type}\n${indent(commentedYaml({ properties }, { given: options }), 2)}`;
}

function withSettings({ name, type, options }: ExampleOutput): string {
  const { type: _, ...properties } = (OutputSchema as JsonSchema).properties!;
  const lines = `type: ${type}\n${stringify(options, { lineWidth: 0 })}${commentedYaml({ properties }, { all: true })}`;
  return `${name}:\n${indent(lines, 2)}`;
}

function oneOf(type: string, { examples }: AnyOutputDefinition): string {
  return stringify({ [nameFrom(type)]: { type, ...examples[0]?.options } }, { lineWidth: 0 });
}

function oneTest({ name, event, expect }: ConfigTest): string {
  return `  - name: ${name}\n    event: ${flow(event)}\n    expect: ${flow(expect)}\n`;
}
