import { ERROR_CODES } from '../config/explain/errors.ts';
import type { JsonSchema } from '../config/schema/json-schema.ts';
import { OutputSchema } from '../config/schema/output.ts';
import { ConfigSchema, TestSchema } from '../config/schema/sections.ts';
import { PROBLEM_CODES } from '../http/problem.ts';
import type { MetricDescription } from '../telemetry/metrics.ts';
import { optionRows, optionTables } from './options.ts';
import { type Block, code, heading, type Page, table, text } from './page.ts';

/** The page of the whole configuration. */
export function configPage(): Page {
  const sections = Object.entries((ConfigSchema as JsonSchema).properties ?? {});
  return [
    heading(1, 'The configuration'),
    text(
      'One YAML file, [`config.example.yaml`](../config.example.yaml) with comments. Editors check and complete it by [`config.schema.json`](../config.schema.json): put `# yaml-language-server: $schema=…/config.schema.json` on its first line; `tiercel schema -c tiercel.yaml` writes one that knows your own outputs too.',
    ),
    table(
      ['spelling', 'meaning'],
      [
        ['duration', '`500ms`, `30s`, `5m`, `24h`, `7d`, `1h30m`. A number without a unit is refused.'],
        ['size', '`512B`, `64KiB`, `256MiB`, `4GiB` (1024); `10MB`, `1GB` (1000).'],
        [
          'priority',
          '`emergency`, `alert`, `critical`, `error`, `warning`, `notice`, `informational` (or `info`), `debug`; in any case.',
        ],
        [
          `\`\${env:NAME}\``,
          `The environment variable, put in after YAML was read; a secret, never printed. \`\${env:NAME:-default}\` where it may be absent.`,
        ],
        [`\`\${file:/run/secrets/x}\``, 'The contents of a file; a secret as well.'],
        ['`$${`', 'A literal `${`.'],
        ['`x-anything`', 'A key at the left margin that is passed over: a place for YAML anchors.'],
        [
          '`include`',
          'Files, folders or patterns (`conf.d/*.yaml`) that are read as well. They add; they never override each other.',
        ],
        ['`--set outputs.lake.region=eu-west-1`', 'Overrides one key; wins over everything.'],
        [
          '`TIERCEL_OUTPUTS__LAKE__REGION`',
          'The same from the environment: the path in capitals with two underscores between.',
        ],
      ],
    ),
    text('Relative paths start at the folder of the configuration file. Unknown keys are errors.'),
    ...sections
      .filter(([name]) => name !== 'outputs' && name !== 'tests')
      .flatMap(([name, schema]) => section(name, schema)),
    heading(2, 'outputs'),
    text(
      'The outputs by name. A name is kept for good: cursor, dead letters and metrics hang on it. The options of each type are on [its page](outputs/README.md); every type has these beside them:',
    ),
    ...optionTables(optionRows(OutputSchema as JsonSchema)),
    heading(2, 'when'),
    text(
      'A condition in [CEL](https://cel.dev) over the event: `priority` (compared in Falco’s order), `rule`, `source`, `hostname`, `output`, `tags`, `time` and `fields["k8s.ns.name"]`; a field that the event lacks is `null`. An event for which the condition cannot be computed is wanted.',
    ),
    text(
      '`matches()` searches for a regular expression of [RE2](https://github.com/google/re2/wiki/Syntax), in time linear in the length of the text: no event can make it slow. What differs from other engines:',
    ),
    table(
      ['in the pattern', 'meaning'],
      [
        [
          '`(?=…)`, `(?!…)`, `(?<=…)`, `(?<!…)`, `\\1`, `(?>…)`, `a++`',
          'Not supported: an error when the configuration is read.',
        ],
        [
          '`\\d`, `\\w`, `\\s`, `\\b`',
          'ASCII only. Of other scripts: `\\pL` (letters), `\\p{Nd}` (digits), `\\p{Greek}`.',
        ],
        [
          '`(?i)`, `(?s)`, `(?m)`',
          'Any case; `.` matches line feeds too; `^` and `$` at each line. At the beginning, or for a part: `(?i:shell)`.',
        ],
        ['`.`', 'One character, an emoji too; no line feed.'],
        ['`\\x{202e}`', 'A character by its number; `\\u202e` is not supported.'],
        ['`a{2,5}`', 'At most 1000 repetitions.'],
      ],
    ),
    text(
      'The pattern may be computed from the event; then it has at most 100 characters and few repetitions, and one that is not valid counts as a condition that cannot be computed. Write patterns in raw strings, `r"\\bshell\\b"`, or with two backslashes.',
    ),
    heading(2, 'tests'),
    text('Events and where they must go, run by `tiercel test`:'),
    ...optionTables(optionRows(TestSchema as JsonSchema)),
    code('yaml', TEST_EXAMPLE),
  ];
}

const TEST_EXAMPLE = `outputs:
  oncall: { type: webhook, url: "https://hooks.example.com/falco", minimum_priority: critical }
  archive: { type: file, path: ./events.ndjson }
tests:
  - name: a shell goes to the archive and wakes nobody
    event: { rule: Terminal shell in container, priority: Notice }
    expect:
      outputs: [archive]
      not_outputs: [oncall]
      records:
        archive: { rule: Terminal shell in container }
`;

function section(name: string, schema: JsonSchema): Block[] {
  return [heading(2, name), text(schema.description ?? ''), ...optionTables(optionRows(schema))];
}

/** The page of every error code. */
export function errorsPage(): Page {
  return [
    heading(1, 'Errors'),
    text('Codes are stable: what is said about an error may change, its code does not.'),
    heading(2, 'Of the configuration'),
    text(
      'Said by `tiercel validate`, `run` and every command that reads the configuration, all at once, each with `file:line:column` and the line; as JSON with `--json`.',
    ),
    ...Object.entries(ERROR_CODES).flatMap(([name, meaning]) => [heading(3, name), text(meaning)]),
    heading(2, 'Of the HTTP side'),
    text('In the body of an answer: `{"error": {"code", "field", "reason", "hint"}}`.'),
    table(
      ['code', 'status', 'meaning'],
      Object.entries(PROBLEM_CODES).map(([name, { status, meaning }]) => [
        `\`${name}\``,
        status.join(' or '),
        meaning,
      ]),
    ),
  ];
}

/** The page of every metric. */
export function metricsPage(metrics: readonly MetricDescription[]): Page {
  const named = (test: (metric: MetricDescription) => boolean) =>
    table(
      ['metric', 'type', 'labels', 'meaning'],
      metrics
        .filter(test)
        .map(({ name, type, labels, help }) => [
          `\`${name}\``,
          type,
          labels.map((label) => `\`${label}\``).join(', '),
          help,
        ]),
    );
  const isOurs = ({ name }: MetricDescription) => name.startsWith('tiercel_');
  const isOutput = (metric: MetricDescription) => isOurs(metric) && metric.labels.includes('output');
  return [
    heading(1, 'Metrics'),
    text(
      'Served in the Prometheus format at `GET /metrics`. For every output, at every moment, `accepted = delivered + dead_lettered + dropped + lost + pending`: what is read in one scrape belongs together.',
    ),
    heading(2, 'Of each output'),
    named(isOutput),
    heading(2, 'Of events, the journal and the program'),
    named((metric) => isOurs(metric) && !isOutput(metric)),
    heading(2, 'Under the names of Falcosidekick'),
    text('So that dashboards and alerts that are there already go on.'),
    named(({ name }) => name.startsWith('falcosecurity_')),
    text('Beside them stand the usual ones of the process and the runtime (`process_…`, `nodejs_…`).'),
  ];
}
