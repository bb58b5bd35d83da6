import { expect } from 'vitest';

/** Turns the text round, clears the screen, sets the title, forges a line, hides a letter. */
export const HOSTILE = 'a\u202eb\u001b[2J\u001b]0;t\u0007c\nFORGED\r\u2028d\u009b31m\ufeffe\u{e0041}';

/** An event that says so wherever it can. */
export const hostileEvent = (more: object = {}) =>
  JSON.stringify({
    rule: HOSTILE,
    priority: 'Critical',
    time: '2026-07-11T09:44:58Z',
    output: HOSTILE,
    hostname: HOSTILE,
    source: HOSTILE,
    tags: [HOSTILE],
    output_fields: { 'proc.cmdline': HOSTILE, [HOSTILE]: HOSTILE },
    ...more,
  });

/** No character that a terminal obeys or hides, and no line that the event wrote. */
export function expectHarmless(text: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters
  const found = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\ufeff\u{e0000}-\u{e007f}]/u.exec(text);
  expect(found && text.slice(Math.max(0, found.index - 40), found.index + 10)).toBeNull();
  expect(text).not.toMatch(/^\W{0,4}FORGED/m);
}
