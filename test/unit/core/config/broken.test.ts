import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../../core/config/load.ts';
import { renderErrors } from '../../../../core/config/render.ts';
import { memoryFiles, testRegistry } from './support.ts';

interface More {
  readonly env?: Record<string, string>;
  readonly sets?: readonly string[];
  readonly files?: Record<string, string>;
}

/** What a user is told of a broken configuration, to the letter. */
async function told(text: string, { env = {}, sets = [], files = {} }: More = {}): Promise<string> {
  const all = memoryFiles('/etc/tiercel', { 'config.yaml': `${text}\n`, ...files });
  const result = await loadConfig({
    file: '/etc/tiercel/config.yaml',
    env,
    sets,
    registry: testRegistry(),
    ...all,
  });
  if (result.ok) return 'nothing is wrong';
  const rendered = renderErrors(result.errors);
  expect(rendered + JSON.stringify(result.errors), 'a secret is in an error').not.toMatch(/hunter\d|8675309/);
  return rendered.replaceAll('/etc/tiercel/', '');
}

test('a misspelt required option is one error', async () => {
  expect(
    await told(`outputs:
  lake:
    type: lake
    buckt: my-bucket
    region: eu-west-1`),
  ).toMatchInlineSnapshot(`
    "config.yaml:4:5: error: outputs.lake: unknown option "buckt"; did you mean "bucket", which is missing?
        4 |     buckt: ***
          |     ^^^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('an option without a neighbour that is like it', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, colour: red }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:50: error: outputs.hook: unknown option "colour"
        2 |   hook: { type: webhook, url: https://a.example, colour: *** }
          |                                                  ^^^^^^
          Known here: url, token, headers, linger, gzip, port, type, enabled, minimum_priority, match, when, mapper, batch, retry, breaker, timeout, concurrency, rate_limit, max_lag, max_open_partitions, start, flush_on_stop.
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('an option in camel case', async () => {
  expect(
    await told(`server: { maxBody: 1MiB }
outputs: { hook: { type: webhook, url: https://a.example } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:11: error: server: unknown option "maxBody"; did you mean "max_body"?
        1 | server: { maxBody: *** }
          |           ^^^^^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('an option that belongs one level deeper', async () => {
  expect(
    await told(`outputs:
  lake: { type: lake, bucket: b, region: r, every: 5m }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:45: error: outputs.lake: unknown option "every"; "every" belongs under "batch"
        2 |   lake: { type: lake, bucket: b, region: r, every: *** }
          |                                             ^^^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('a required option that is missing', async () => {
  expect(
    await told(`outputs:
  lake:
    type: lake
    region: eu-west-1`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:3: error: outputs.lake: the option "bucket" is missing
        2 |   lake:
          |   ^^^^
          bucket: The bucket.
          TIERCEL_CFG_MISSING_OPTION
    "
  `);
});

test('a required option without a value', async () => {
  expect(
    await told(`outputs:
  lake:
    type: lake
    bucket:
    region: eu-west-1`),
  ).toMatchInlineSnapshot(`
    "config.yaml:4:5: error: outputs.lake.bucket: has no value
        4 |     bucket:
          |     ^^^^^^
          TIERCEL_CFG_MISSING_OPTION
    "
  `);
});

test('an output without a type', async () => {
  expect(
    await told(`outputs:
  lake:
    bucket: b`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:3: error: outputs.lake: the option "type" is missing
        2 |   lake:
          |   ^^^^
          type: A built-in, the name of a package, or a path (\`./outputs/tickets.js\`) relative to the configuration file.
          TIERCEL_CFG_MISSING_OPTION
    "
  `);
});

test('a misspelt type hides what cannot be known', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhok, token: hunter2, concurrency: none }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:17: error: outputs.hook.type: no output of type "webhok"; did you mean "webhook"?
        2 |   hook: { type: webhok, token: ***, concurrency: none }
          |                 ^^^^^^
          TIERCEL_CFG_UNKNOWN_TYPE

    config.yaml:2:54: error: outputs.hook.concurrency: must be a whole number, not a string
        2 |   hook: { type: webhok, token: ***, concurrency: none }
          |                                                  ^^^^
          TIERCEL_CFG_TYPE
    "
  `);
});

test('a type that is nowhere', async () => {
  expect(
    await told(`outputs:
  pager: { type: "@acme/pager-output" }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:18: error: outputs.pager.type: no built-in output and no package "@acme/pager-output" seen from /etc/tiercel
        2 |   pager: { type: "@acme/pager-output" }
          |                  ^^^^^^^^^^^^^^^^^^^^
          If it is a package: npm i @acme/pager-output in /etc/tiercel. Built in: lake, webhook.
          TIERCEL_CFG_UNKNOWN_TYPE
    "
  `);
});

test('a path to nothing', async () => {
  expect(
    await told(`outputs:
  tickets: { type: ./outputs/tickets.js }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:20: error: outputs.tickets.type: there is no file ./outputs/tickets.js
        2 |   tickets: { type: ./outputs/tickets.js }
          |                    ^^^^^^^^^^^^^^^^^^^^
          Paths start from the folder of the configuration, /etc/tiercel.
          TIERCEL_CFG_UNKNOWN_TYPE
    "
  `);
});

test('a number where a text belongs', async () => {
  expect(
    await told(`outputs:
  lake: { type: lake, bucket: b, region: r, account_id: 012345678901 }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:57: error: outputs.lake.account_id: must be a string, not a number
        2 |   lake: { type: lake, bucket: b, region: r, account_id: 012345678901 }
          |                                                         ^^^^^^^^^^^^
          Write it in quotes: "012345678901".
          TIERCEL_CFG_TYPE
    "
  `);
});

test('a text of the wrong form', async () => {
  expect(
    await told(`outputs:
  lake: { type: lake, bucket: b, region: r, account_id: "1234" }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:57: error: outputs.lake.account_id: must match ^\\d{12}$ (Twelve digits.)
        2 |   lake: { type: lake, bucket: b, region: r, account_id: "1234" }
          |                                                         ^^^^^^
          TIERCEL_CFG_VALUE
    "
  `);
});

test('a bare number for a duration', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, timeout: 30 }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:59: error: outputs.hook.timeout: must be a duration such as 500ms, 30s, 5m or 7d, not a number
        2 |   hook: { type: webhook, url: https://a.example, timeout: 30 }
          |                                                           ^^
          Give it a unit: 30s, say.
          TIERCEL_CFG_DURATION
    "
  `);
});

test('a duration in other words', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, timeout: 5min }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:59: error: outputs.hook.timeout: "5min" has the unknown unit "min": did you mean 5m? (units are ms, s, m, h and d)
        2 |   hook: { type: webhook, url: https://a.example, timeout: 5min }
          |                                                           ^^^^
          TIERCEL_CFG_DURATION
    "
  `);
});

test('a size without its i', async () => {
  expect(
    await told(`journal: { max_size: 10G }
outputs: { hook: { type: webhook, url: https://a.example } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:22: error: journal.max_size: "10G" has the unknown unit "G": did you mean 10GiB? (units are B, KiB, MiB, GiB and TiB (1024), kB, MB, GB and TB (1000))
        1 | journal: { max_size: 10G }
          |                      ^^^
          TIERCEL_CFG_SIZE
    "
  `);
});

test('a misspelt priority', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, minimum_priority: crtical }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:68: error: outputs.hook.minimum_priority: "crtical" is not a priority; did you mean "critical"?
        2 |   hook: { type: webhook, url: https://a.example, minimum_priority: crtical }
          |                                                                    ^^^^^^^
          TIERCEL_CFG_PRIORITY
    "
  `);
});

test('a word that is none of the choices', async () => {
  expect(
    await told(`outputs:
  lake: { type: lake, bucket: b, region: r, compression: gzip }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:58: error: outputs.lake.compression: must be one of zstd, snappy, none
        2 |   lake: { type: lake, bucket: b, region: r, compression: gzip }
          |                                                          ^^^^
          TIERCEL_CFG_VALUE
    "
  `);
});

test('one value for a list', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, match: { tags: container } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:65: error: outputs.hook.match.tags: must be a list, not a string
        2 |   hook: { type: webhook, url: https://a.example, match: { tags: container } }
          |                                                                 ^^^^^^^^^
          Put it in brackets: [container].
          TIERCEL_CFG_TYPE
    "
  `);
});

test('a cron expression of three parts', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, batch: { cron: 0 6 * } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:65: error: outputs.hook.batch.cron: "0 6 *" is not a cron expression such as "0 6 * * *" (minute, hour, day, month, weekday; UTC)
        2 |   hook: { type: webhook, url: https://a.example, batch: { cron: 0 6 * } }
          |                                                                 ^^^^^
          TIERCEL_CFG_CRON
    "
  `);
});

test('an address without a port', async () => {
  expect(
    await told(`server: { listen: 0.0.0.0 }
outputs: { hook: { type: webhook, url: https://a.example } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:19: error: server.listen: "0.0.0.0" is not an address such as 0.0.0.0:2801, [::]:2801 or :2801
        1 | server: { listen: 0.0.0.0 }
          |                   ^^^^^^^
          TIERCEL_CFG_VALUE
    "
  `);
});

test('a list of outputs', async () => {
  expect(
    await told(`outputs:
  - type: webhook
    url: https://a.example`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:1: error: outputs: must be a mapping, not a list
        1 | outputs:
          | ^^^^^^^
          TIERCEL_CFG_TYPE
    "
  `);
});

test('no outputs at all', async () => {
  expect(await told(`server: { listen: 127.0.0.1:2801 }`)).toMatchInlineSnapshot(`
    "config.yaml:1:1: error: outputs: no output is configured: events would go nowhere
        1 | server: { listen: 127.0.0.1:2801 }
          | ^
          Add one, such as  outputs: { screen: { type: stdout } }
          TIERCEL_CFG_NO_OUTPUTS
    "
  `);
});

test('only disabled outputs', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, enabled: false }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:1: error: outputs: all outputs are disabled: events would go nowhere
        1 | outputs:
          | ^^^^^^^
          TIERCEL_CFG_NO_OUTPUTS
    "
  `);
});

test('names that differ in case only', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example }
  Hook: { type: webhook, url: https://b.example }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:3:3: error: outputs.Hook: is the same name as "hook": upper and lower case do not tell outputs apart
        3 |   Hook: { type: webhook, url: https://b.example }
          |   ^^^^
          see also config.yaml:2:3
          TIERCEL_CFG_DUPLICATE_OUTPUT
    "
  `);
});

test('a name that cannot be a folder', async () => {
  expect(
    await told(`outputs:
  "my hook": { type: webhook, url: https://a.example }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:3: error: outputs.my hook: "my hook" cannot be the name of an output: letters, digits, "-" and "_", at most 63, beginning with a letter
        2 |   "my hook": { type: webhook, url: https://a.example }
          |   ^^^^^^^^^
          TIERCEL_CFG_VALUE
    "
  `);
});

test('a key twice', async () => {
  expect(
    await told(`outputs:
  hook:
    type: webhook
    url: https://a.example
    url: https://b.example`),
  ).toMatchInlineSnapshot(`
    "config.yaml:5:5: error: the key "url" stands here for the second time
        5 |     url: ***
          |     ^^^
          see also config.yaml:4:5
          TIERCEL_CFG_DUPLICATE_KEY
    "
  `);
});

test('a tab', async () => {
  expect(
    await told(`outputs:
	hook: { type: webhook }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:1: error: not valid YAML: a tab is used as indentation; YAML takes spaces only
        2 |  hook: { ***: *** }
          | ^
          TIERCEL_CFG_SYNTAX
    "
  `);
});

test('a quote that is never closed, around a secret', async () => {
  expect(
    await told(`outputs:
  hook:
    type: webhook
    token: "hunter2
    url: https://a.example`),
  ).toMatchInlineSnapshot(`
    "config.yaml:4:12: error: not valid YAML: the quote that opens here is never closed, or closed too late
        4 |     token: "***
          |            ^
          TIERCEL_CFG_SYNTAX
    "
  `);
});

test('a colon in a plain value', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook }
enrich:
  custom_fields:
    note: careful: hot`),
  ).toMatchInlineSnapshot(`
    "config.yaml:5:11: error: not valid YAML: a value holds ": ", which begins a mapping; put the value in quotes
        5 |     note: ***: ***
          |           ^
          TIERCEL_CFG_SYNTAX
    "
  `);
});

test('a variable that is not set', async () => {
  expect(
    await told(
      `outputs:
  hook: { type: webhook, url: "\${env:HOOK_URL}" }`,
      { env: { HOOK_UR: 'x' } },
    ),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:32: error: outputs.hook.url: the environment variable HOOK_URL is not set; did you mean "HOOK_UR"?
        2 |   hook: { type: webhook, url: "\${env:HOOK_URL}" }
          |                                ^^^^^^^^^^^^^^^
          Set it, or give a default: \${env:HOOK_URL:-default}.
          TIERCEL_CFG_INTERPOLATION
    "
  `);
});

test('a variable without env:', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: "\${HOOK_URL}" }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:32: error: outputs.hook.url: "\${HOOK_URL}" does not say where to look; did you mean "\${env:HOOK_URL}"?
        2 |   hook: { type: webhook, url: "\${HOOK_URL}" }
          |                                ^^^^^^^^^^^
          Known are \${env:NAME}, \${env:NAME:-default} and \${file:path}; write $\${ for a literal "\${".
          TIERCEL_CFG_INTERPOLATION
    "
  `);
});

test('a secret file that is missing', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, token: "\${file:/run/secrets/none}" }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:58: error: outputs.hook.token: the file /run/secrets/none cannot be read: it does not exist
        2 |   hook: { type: webhook, url: https://a.example, token: *** }
          |                                                          ^^
          TIERCEL_CFG_INTERPOLATION
    "
  `);
});

test('a variable of the wrong form keeps its value to itself', async () => {
  expect(
    await told(
      `outputs:
  hook: { type: webhook, url: "\${env:HOOK_URL}", port: "\${env:PORT}" }`,
      { env: { HOOK_URL: 'hunter2', PORT: 'hunter3' } },
    ),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:31: error: outputs.hook.url: must be a URL such as https://example.com/path
        2 |   hook: { type: webhook, url: "\${env:HOOK_URL}", port: "\${env:PORT}" }
          |                               ^^^^^^^^^^^^^^^^^
          TIERCEL_CFG_VALUE

    config.yaml:2:56: error: outputs.hook.port: must be a whole number, not a string
        2 |   hook: { type: webhook, url: "\${env:HOOK_URL}", port: "\${env:PORT}" }
          |                                                        ^^^^^^^^^^^^^
          TIERCEL_CFG_TYPE
    "
  `);
});

test('a secret of the wrong kind', async () => {
  expect(
    await told(`outputs:
  hook:
    type: webhook
    url: https://a.example
    token: 8675309  # was hunter2`),
  ).toMatchInlineSnapshot(`
    "config.yaml:5:12: error: outputs.hook.token: must be a string, not a number
        5 |     token: ***
          |            ^^^
          Write it in quotes.
          TIERCEL_CFG_TYPE
    "
  `);
});

test('an expression with an unknown name', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, when: 'priority >= "warning" && rul == "x"' }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:82: error: outputs.hook.when: unknown name "rul"; did you mean "rule"?
        2 |   hook: { type: webhook, url: https://a.example, when: 'priority >= "warning" && rul == "x"' }
          |                                                                                  ^^^
          TIERCEL_CFG_WHEN
    "
  `);
});

test('an expression that does not end', async () => {
  expect(
    await told(`outputs:
  hook:
    type: webhook
    url: https://a.example
    when: source == "syscall" &&`),
  ).toMatchInlineSnapshot(`
    "config.yaml:5:33: error: outputs.hook.when: Unexpected token: EOF
        5 |     when: source == "syscall" &&
          |                                 ^
          TIERCEL_CFG_WHEN
    "
  `);
});

test('a condition that matches nothing', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, match: { rules: [], tag: [a] } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:59: error: outputs.hook.match.rules: must not be an empty list
        2 |   hook: { type: webhook, url: https://a.example, match: { rules: [], tag: [***] } }
          |                                                           ^^^^^
          Leave it out to set no condition.
          TIERCEL_CFG_VALUE

    config.yaml:2:70: error: outputs.hook.match: unknown option "tag"; did you mean "tags"?
        2 |   hook: { type: webhook, url: https://a.example, match: { rules: [], tag: [***] } }
          |                                                                      ^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('a mapper that is not there', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, mapper: filds }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:58: error: outputs.hook.mapper: no mapper of type "filds"; did you mean "fields"?
        2 |   hook: { type: webhook, url: https://a.example, mapper: filds }
          |                                                          ^^^^^
          TIERCEL_CFG_UNKNOWN_TYPE
    "
  `);
});

test('a mapper with an unknown option', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, mapper: { type: fields, versoin: "1" } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:74: error: outputs.hook.mapper: unknown option "versoin"; did you mean "version"?
        2 |   hook: { type: webhook, url: https://a.example, mapper: { type: fields, versoin: *** } }
          |                                                                          ^^^^^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('a mapper where it is fixed', async () => {
  expect(
    await told(`outputs:
  lake: { type: lake, bucket: b, region: r, mapper: falco }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:45: error: outputs.lake.mapper: the records of lake are fixed; leave "mapper" out
        2 |   lake: { type: lake, bucket: b, region: r, mapper: falco }
          |                                             ^^^^^^
          TIERCEL_CFG_FIXED_MAPPER
    "
  `);
});

test('a batch larger than the journal', async () => {
  expect(
    await told(`journal: { max_size: 128MiB }
outputs:
  lake:
    type: lake
    bucket: b
    region: r
    batch: { size: 1GiB }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:7:20: error: outputs.lake.batch.size: a batch of 1GiB does not fit into the journal, whose max_size is 128MiB
        7 |     batch: { size: 1GiB }
          |                    ^^^^
          see also config.yaml:1:22
          TIERCEL_CFG_LIMITS
    "
  `);
});

test('two lakes in one place', async () => {
  expect(
    await told(`outputs:
  a: { type: lake, bucket: b, region: r }
  b: { type: lake, bucket: b, region: r }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:3:3: error: outputs.b: would write to the same place as the output "a"
        3 |   b: { type: lake, bucket: b, region: r }
          |   ^
          see also config.yaml:2:3
          TIERCEL_CFG_CLAIM
    "
  `);
});

test('a template that does not parse', async () => {
  expect(
    await told(`enrich: { templated_fields: { where: "{{ hostname" } }
outputs: { hook: { type: webhook, url: https://a.example } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:38: error: enrich.templated_fields.where: is not a valid Liquid template: output "{{ hostname" not closed, line:1, col:1
        1 | enrich: { templated_fields: { where: "{{ hostname" } }
          |                                      ^^^^^^^^^^^^^
          TIERCEL_CFG_TEMPLATE
    "
  `);
});

test('a test of an output that is not there', async () => {
  expect(
    await told(`outputs: { hook: { type: webhook, url: https://a.example } }
tests:
  - name: shells
    event: { rule: Shell }
    expect: { outputs: [hok], records: { hook: {} } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:5:25: error: tests.0.expect.outputs.0: there is no output "hok"; did you mean "hook"?
        5 |     expect: { outputs: [hok], records: { hook: {} } }
          |                         ^^^
          TIERCEL_CFG_UNKNOWN_OUTPUT
    "
  `);
});

test('a section that is not one', async () => {
  expect(
    await told(`sever: { listen: 127.0.0.1:2801 }
outputs: { hook: { type: webhook, url: https://a.example } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:1: error: unknown option "sever"; did you mean "server"?
        1 | sever: { listen: *** }
          | ^^^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('an included file that is missing', async () => {
  expect(
    await told(`include: more.yaml
outputs: { hook: { type: webhook, url: https://a.example } }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:1:10: error: include: more.yaml cannot be read: it does not exist
        1 | include: more.yaml
          |          ^^^^^^^^^
          TIERCEL_CFG_FILE
    "
  `);
});

test('an error inside an included file', async () => {
  expect(
    await told(
      `include: conf.d
outputs: { hook: { type: webhook, url: https://a.example } }`,
      { files: { 'conf.d/10-lake.yaml': 'outputs:\n  lake: { type: lake, bucket: b, regoin: r }\n' } },
    ),
  ).toMatchInlineSnapshot(`
    "conf.d/10-lake.yaml:2:34: error: outputs.lake: unknown option "regoin"; did you mean "region", which is missing?
        2 |   lake: { type: lake, bucket: b, regoin: *** }
          |                                  ^^^^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('an output in two files', async () => {
  expect(
    await told(
      `include: conf.d/*.yaml
outputs:
  hook: { type: webhook, url: https://a.example }`,
      { files: { 'conf.d/hook.yaml': 'outputs:\n  hook: { type: webhook, url: https://b.example }\n' } },
    ),
  ).toMatchInlineSnapshot(`
    "conf.d/hook.yaml:2:3: error: outputs.hook: a second output is named "hook"
        2 |   hook: { type: ***, url: *** }
          |   ^^^^
          see also config.yaml:3:3
          TIERCEL_CFG_DUPLICATE_OUTPUT
    "
  `);
});

test('files that include each other', async () => {
  expect(
    await told(
      `include: more.yaml
outputs: { hook: { type: webhook, url: https://a.example } }`,
      { files: { 'more.yaml': 'include: config.yaml\n' } },
    ),
  ).toMatchInlineSnapshot(`
    "more.yaml:1:10: error: include: config.yaml is included by itself, by way of 2 files
        1 | include: config.yaml
          |          ^^^^^^^^^^^
          TIERCEL_CFG_INCLUDE
    "
  `);
});

test('a wrong --set and a wrong environment variable', async () => {
  expect(
    await told(`outputs: { hook: { type: webhook, url: https://a.example } }`, {
      sets: ['outputs.hook.gzp=true', 'outputs.hook.timeout=soon', 'journal'],
      env: { TIERCEL_SERVER_LISTEN: ':1', TIERCEL_OUTPUTS__HOOK__PORT: 'hunter2' },
    }),
  ).toMatchInlineSnapshot(`
    "--set journal: error: is not of the form path.to.key=value
          For example: --set outputs.lake.region=eu-west-1
          TIERCEL_CFG_OVERRIDE

    environment variable TIERCEL_SERVER_LISTEN: error: unknown option "server_listen"; levels are separated by two underscores: did you mean TIERCEL_SERVER__LISTEN?
          TIERCEL_CFG_UNKNOWN_OPTION

    --set outputs.hook.gzp: error: outputs.hook: unknown option "gzp"; did you mean "gzip"?
          TIERCEL_CFG_UNKNOWN_OPTION

    environment variable TIERCEL_OUTPUTS__HOOK__PORT: error: outputs.hook.port: must be a whole number, not a string
          TIERCEL_CFG_TYPE

    --set outputs.hook.timeout: error: outputs.hook.timeout: "soon" is not a duration such as 500ms, 30s, 5m or 7d (units are ms, s, m, h and d)
          TIERCEL_CFG_DURATION
    "
  `);
});

test('an unknown key without a value', async () => {
  expect(
    await told(`outputs:
  hook: { type: webhook, url: https://a.example, tokn: }`),
  ).toMatchInlineSnapshot(`
    "config.yaml:2:50: error: outputs.hook: unknown option "tokn"; did you mean "token"?
        2 |   hook: { type: webhook, url: https://a.example, tokn: ***}
          |                                                  ^^^^
          TIERCEL_CFG_UNKNOWN_OPTION
    "
  `);
});

test('a file that is not UTF-8', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tiercel-config-'));
  const file = join(directory, 'config.yaml');
  await writeFile(file, Buffer.from('# caf\xe9\noutputs: {}\n', 'latin1'));
  const result = await loadConfig({ file, env: {}, registry: testRegistry() });
  await rm(directory, { recursive: true });
  expect(!result.ok && result.errors[0]!.message).toBe(
    `${file} cannot be read: it is not UTF-8 text; save it as UTF-8`,
  );
});

test('an expression with a name that is like no other', async () => {
  expect(
    await told('outputs:\n  hook: { type: webhook, url: "https://x.example", when: "zzz == 1" }'),
  ).toContain('Known are priority, fields, tags, source, rule, hostname, output, time.');
});

test('a line that is longer than any terminal is shown around its mistake', async () => {
  const said = await told(
    `outputs: { hook: { type: webhook, url: "https://x.example/${'y'.repeat(3000)}", gzipp: true } }`,
  );
  const [, excerpt, caret] = said.split('\n');
  expect(Math.max(...said.split('\n').map((line) => line.length))).toBeLessThan(200);
  expect(excerpt!.slice(caret!.indexOf('^'), caret!.lastIndexOf('^') + 1)).toBe('gzipp');
});

test('what only the type itself can tell is a mistake of the configuration, without what came from outside', async () => {
  const said = await told(
    `outputs:\n  sea: { type: lake, bucket: '$\{env:BUCKET}', region: nowhere, account_id: '123456789012' }`,
    { env: { BUCKET: 'hunter2' } },
  );
  expect(said).toContain('config.yaml:2:3: error: outputs.sea: no bucket *** in nowhere\n');
});
