import { describe, expect, it } from 'vitest';
import { createLogger, type LogOptions } from '../../../../core/telemetry/log.ts';
import { createRedactor } from '../../../../core/telemetry/redact.ts';

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
