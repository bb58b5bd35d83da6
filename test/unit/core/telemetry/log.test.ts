import { describe, expect, it } from 'vitest';
import { createLogger, type LogOptions } from '../../../../core/telemetry/log.ts';
import { createRedactor } from '../../../../core/telemetry/redact.ts';
import { expectHarmless, HOSTILE } from '../../../support/hostile-text.ts';

function logger(options: Partial<LogOptions> & { isTTY?: boolean } = {}) {
  const lines: string[] = [];
  const destination = { write: (text: string) => lines.push(text), isTTY: options.isTTY ?? false };
  const log = createLogger({ level: 'info', format: 'auto', secrets: [], destination, ...options });
  return { log, lines };
}

describe('createLogger', () => {
  it('writes JSON where nobody watches', () => {
    const { log, lines } = logger();
    log.child({ output: 'lake' }).info({ events: 3n.toString() }, 'object written');
    log.debug('not this');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { level: 'info', time: expect.any(String), output: 'lake', events: '3', msg: 'object written' },
    ]);
  });

  it('writes for people on a terminal, or when told to', () => {
    const terminal = logger({ isTTY: true });
    terminal.log.warn({ output: 'lake' }, 'retrying');
    expect(terminal.lines.join('')).toContain('retrying');
    expect(terminal.lines.join('')).not.toMatch(/^\{/);
    const told = logger({ format: 'pretty' });
    told.log.info('ready');
    expect(told.lines.join('')).toMatch(/^\[\d\d:\d\d:\d\d\.\d\d\d\] INFO: ready\n$/);
  });

  it('cannot be used to fool a terminal', () => {
    const details = () => ({
      rule: HOSTILE,
      nested: { list: [HOSTILE] },
      error: new Error(HOSTILE),
      err: new Error(HOSTILE),
    });
    for (const isTTY of [false, true]) {
      const { log, lines } = logger({ format: 'pretty', isTTY });
      log.error(details(), HOSTILE);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of the log itself
      const text = lines.join('').replaceAll(/\u001b\[\d+m/g, (own) => (isTTY ? '' : own));
      expectHarmless(text);
      expect(text.split('\n')[0]).toContain('a\\u{202e}b\\u{1b}[2J\\u{1b}]0;t\\u{7}c\\nFORGED');
    }
  });

  it('writes a line that redacting has broken', () => {
    const { log, lines } = logger({ format: 'pretty', secrets: ['"msg"'] });
    log.error('ready\u202e');
    expect(lines.join('')).toContain('[redacted]');
    expectHarmless(lines.join(''));
  });

  it('has in JSON what was logged, without a character that a terminal obeys', () => {
    const { log, lines } = logger({ format: 'json' });
    log.error({ rule: HOSTILE, error: new Error(HOSTILE) }, HOSTILE);
    expectHarmless(lines.join(''));
    expect(JSON.parse(lines.join(''))).toMatchObject({ rule: HOSTILE, error: HOSTILE, msg: HOSTILE });
  });

  it('blackens secrets wherever they stand', () => {
    const secret = 'p"ss\\w0rd/+';
    for (const format of ['json', 'pretty'] as const) {
      const { log, lines } = logger({ format, secrets: [secret] });
      log.error(
        {
          err: new Error(`401 for ${secret}`),
          url: `https://h/?t=${encodeURIComponent(secret)}`,
          body: JSON.stringify({ secret }),
        },
        `sent ${secret} and Basic ${Buffer.from(secret).toString('base64')}`,
      );
      const text = lines.join('');
      for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
        expect(text).not.toContain(spelling);
      }
      expect(text).toContain('[redacted]');
    }
  });
});

describe('createRedactor', () => {
  it('takes the longest secret first and leaves short ones', () => {
    expect(createRedactor(['abcd', 'abcdef', 'xy'])('abcdef abcd xy $& ')).toBe(
      '[redacted] [redacted] xy $& ',
    );
  });
});
