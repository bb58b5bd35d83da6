import { stringify } from 'yaml';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';
import { byNeed, comment, commented, indent, placeholder, words } from './commented-yaml.ts';

/** One output of a configuration to begin with. */
export interface StarterOutput {
  readonly name: string;
  /** As it stands in the YAML. */
  readonly type: string;
  readonly definition: AnyOutputDefinition;
  /** In YAML spelling; what is not here is written down as a comment. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A commented configuration with these outputs, every option of theirs in it. */
export function starterConfig(outputs: readonly StarterOutput[]): string {
  return `# Tiercel: Falco sends its alerts here, the outputs below get them.
#
#   tiercel validate -c FILE     every mistake, with line and column
#   tiercel run -c FILE
#
# Durations are written 500ms, 30s, 5m, 7d; sizes 64KiB, 256MiB. Any value may be \${env:NAME} or \${file:/run/secrets/x}.

server:
  listen: 0.0.0.0:2801        # in falco.yaml: http_output: { enabled: true, url: "http://THIS-HOST:2801/" }

journal:
  path: ./data                # on a volume that outlives the process
  max_size: 4GiB              # beyond it senders wait; nothing is dropped

outputs:
${outputs.map(starterOutput).join('\n')}`;
}

function starterOutput({ name, type, definition, options }: StarterOutput): string {
  const schema = definition.options as JsonSchema;
  const given = Object.entries(options).map(([key, value]) =>
    block(schema.properties?.[key], stringify({ [key]: value }, { lineWidth: 0 })),
  );
  const rest = byNeed(schema)
    .filter(([key]) => !Object.hasOwn(options, key))
    .map(([key, option]) => block(option, commented(`${key}: ${placeholder(key, option)}\n`)));
  const common = [
    'minimum_priority: warning',
    'when: fields["k8s.ns.name"] != "kube-system"',
    'max_lag: { age: 1h, action: dead_letter }',
  ];
  return [
    indent(comment(definition.summary), 2),
    `  ${name}:\n`,
    `    type: ${stringify(type)}`,
    ...[...given, ...rest].map((lines) => indent(lines, 4)),
    indent(
      `# Every output can also be told which events it wants, and how far it may lag behind:\n${commented(`${common.join('\n')}\n`)}`,
      4,
    ),
  ].join('');
}

/** An option with what it is above it. */
function block(schema: JsonSchema | undefined, lines: string): string {
  return `${comment(words(schema))}${lines}`;
}
