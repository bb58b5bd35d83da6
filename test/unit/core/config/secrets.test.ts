import fc from 'fast-check';
import { expect, it } from 'vitest';
import { renderErrors } from '../../../../core/config/explain/render.ts';
import { loadConfig } from '../../../../core/config/load.ts';
import { printConfig } from '../../../../core/config/print.ts';
import { runs } from '../../../support/runs.ts';
import { memoryFiles, testRegistry } from './support.ts';

const GOOD = `server:
  listen: 127.0.0.1:2801
  auth: { bearer_token: hunter2, basic: { username: falco, password: "hunter2" } }
# hunter2 was the old one
outputs:
  hook:
    type: webhook
    url: \${env:URL}
    token: hunter2 # not hunter2
    timeout: 5s
    when: priority >= "warning"
  other: { type: webhook, token: 'hunter2', url: "\${file:secret}", batch: { events: 10, every: 5m } }
  long:
    type: webhook
    url: https://a.example
    token: |
      hunter2
      hunter2
`;

/** Where the secrets and their keys stand: a secret torn from its key, or made a key, is no longer known for one. */
const KEPT = [...GOOD.matchAll(/\s*(bearer_token|password|token): (\|\s*|["']?)(hunter2\s*)+["']?/g)].map(
  (match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }),
);

/** One slip of the hand somewhere else in the text: characters lost, replaced or added. */
const slip = fc
  .record({
    at: fc.nat(GOOD.length - 1),
    length: fc.nat(12),
    insert: fc.oneof(
      fc.constantFrom(
        '',
        ':',
        ': ',
        '"',
        "'",
        '{',
        '}',
        '[',
        ']',
        '\n',
        '\n  ',
        '\t',
        '#',
        '*',
        '&',
        '- ',
        '? ',
        '|',
        '$',
        '${',
      ),
      fc.string({ maxLength: 3 }),
    ),
  })
  .filter(({ at, length }) => KEPT.every(({ start, end }) => at + length < start || at > end));

it('never throws and never tells a secret, whatever is wrong', async () => {
  await fc.assert(
    fc.asyncProperty(slip, async ({ at, length, insert }) => {
      const text = GOOD.slice(0, at) + insert + GOOD.slice(at + length);
      const result = await loadConfig({
        file: '/etc/t/config.yaml',
        text,
        env: { URL: 'https://hunter2.example', TIERCEL_OUTPUTS__HOOK__PORT: 'hunter2' },
        registry: testRegistry(),
        ...memoryFiles('/etc/t', { secret: 'hunter2' }),
      });
      const told = result.ok
        ? printConfig(result.config)
        : renderErrors(result.errors) + JSON.stringify(result.errors);
      expect(told).not.toContain('hunter2');
    }),
    {
      numRuns: runs(300),
      examples: [
        [{ at: 0, length: 0, insert: '' }],
        [{ at: 0, length: 0, insert: '\ufeff' }],
        [{ at: GOOD.length - 1, length: 1, insert: '' }],
        // A key that is none, and a secret behind it.
        [{ at: GOOD.indexOf('username'), length: 11, insert: '*' }],
      ],
    },
  );
});
