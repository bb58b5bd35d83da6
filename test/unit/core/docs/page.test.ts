import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { code, heading, table, text, toMarkdown } from '../../../../core/docs/page.ts';
import { toTerminal } from '../../../../core/docs/terminal.ts';

const page = [
  heading(1, 'tickets'),
  text('Opens a **ticket** with `url`, see [the page](x.md).'),
  heading(2, 'Options'),
  table(
    ['option', 'type', 'what it is'],
    [
      [
        '`url`',
        '`a` | `b`',
        'Where to open tickets, in words that are long enough to be broken over two lines.',
      ],
      ['`x`', '', 'Short.'],
    ],
  ),
  code('yaml', 'a: 1\n'),
];

describe('toMarkdown', () => {
  it('keeps a cell in its cell', () => {
    expect(toMarkdown(page)).toBe(`# tickets

Opens a **ticket** with \`url\`, see [the page](x.md).

## Options

| option | type | what it is |
| --- | --- | --- |
| \`url\` | \`a\` \\| \`b\` | Where to open tickets, in words that are long enough to be broken over two lines. |
| \`x\` |  | Short. |

\`\`\`yaml
a: 1
\`\`\`
`);
  });
});

describe('toTerminal', () => {
  it('puts columns side by side where there is room', () => {
    expect(toTerminal(page, { width: 70 })).toBe(`tickets

  Opens a ticket with url, see the page.

OPTIONS

  url  a | b  Where to open tickets, in words that are long enough to
              be broken over two lines.
  x           Short.

  a: 1`);
  });

  it('puts what an option is below it where there is none', () => {
    expect(toTerminal(page, { width: 40 })).toContain(`  url  a | b
      Where to open tickets, in words
      that are long enough to be broken`);
  });

  it('is never wider than the terminal but for words that are', () => {
    const word = fc.stringMatching(/^[a-z`*]{1,12}$/);
    const words = fc.array(word, { minLength: 1, maxLength: 30 }).map((list) => list.join(' '));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, words), { minLength: 1 }),
        fc.integer({ min: 50, max: 120 }),
        (rows, width) => {
          const shown = toTerminal([table(['a', 'b'], rows)], { width });
          for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
      {
        examples: [49, 50, 51].map((length): [[string, string][], number] => [
          [['a', `${'b '.repeat(length >> 1)}${'b'.repeat(length & 1)}`]],
          50,
        ]),
      },
    );
  });
});
