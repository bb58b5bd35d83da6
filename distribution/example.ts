import type { ExampleFrame } from '../core/docs/example-config.ts';

/** The frame of config.example.yaml, the one part of it that is written by hand; `npm run docs` writes the file. */
export const example: ExampleFrame = {
  intro: `# Tiercel, the whole configuration, commented. It runs as it is: the lake is a local folder with the very layout of the real
# one. Written by scripts/generate-docs.js from the definitions; copy it, or have a shorter one written: tiercel init.
#
#   tiercel validate -c config.example.yaml     every mistake, with line and column
#   tiercel run -c config.example.yaml
#
# Durations are written 500ms, 30s, 5m, 24h, 7d; sizes 64KiB, 256MiB, 4GiB. Relative paths start at the folder of this file.
# Any value may come from the environment or a file: \${env:NAME}, \${env:NAME:-default}, \${file:/run/secrets/token}; such
# values are secrets and never printed. Any key may be set by --set path=value, or by TIERCEL_OUTPUTS__LAKE__REGION.
# What is in force here is the default, unless it stands under "outputs" and "tests".

# Further files, folders or patterns. They add; they never override each other.
# include: conf.d/*.yaml
`,
  outputs: [
    {
      name: 'lake',
      type: 'aws_security_lake',
      note: 'Amazon Security Lake. The real one takes, in place of directory, the location and the role that CreateCustomLogSource returned: docs/security-lake.md.',
      options: {
        directory: './lake',
        source: 'falco',
        source_version: '1.0',
        region: 'eu-west-1',
        account_id: '123456789012',
        batch: { every: '5m', size: '256MiB' },
      },
    },
    {
      name: 'archive',
      type: 'file',
      note: 'Every event from a notice up, as it was received.',
      options: { path: './archive.ndjson', minimum_priority: 'notice' },
    },
  ],
  settings: {
    name: 'oncall',
    type: 'webhook',
    note: 'An output with every setting that all outputs have: which events it wants, how they are batched and delivered.',
    options: { url: 'https://hooks.example.com/falco' },
  },
  tests: [
    {
      name: 'what is less than a notice is not archived',
      event: { rule: 'Something small', priority: 'Debug' },
      expect: { outputs: ['lake'], not_outputs: ['archive'] },
    },
    {
      name: 'a shell in a container is a finding in the lake',
      event: { rule: 'Terminal shell in container', priority: 'Notice' },
      expect: {
        outputs: ['lake', 'archive'],
        records: { lake: { class_uid: 2004, finding_info: { title: 'Terminal shell in container' } } },
      },
    },
  ],
};
