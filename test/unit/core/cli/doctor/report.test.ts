import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countOf,
  type Found,
  isShared,
  jsonOf,
  renderFinding,
  renderSummary,
} from '../../../../../core/cli/doctor/report.ts';
import { roughDuration, roughSize } from '../../../../../core/cli/doctor/size.ts';
import { parseDuration } from '../../../../../core/config/schema/duration.ts';
import { parseSize } from '../../../../../core/config/schema/size.ts';
import type { Finding } from '../../../../../core/sdk/index.ts';
import { expectHarmless, HOSTILE } from '../../../../support/hostile-text.ts';
import { runs } from '../../../../support/runs.ts';

const storage = { area: 'storage', title: 'storage /data' } as const;
const hook = { area: 'output', title: 'hook (webhook)', output: 'hook' } as const;
const finding = (status: Finding['status'], line: string = status): Finding => ({
  status,
  what: 'thing',
  line,
});
const plain = { color: false };

describe('the report of doctor', () => {
  it('passes when nothing failed and everything was checked', () => {
    const found: Found[] = [
      { section: storage, finding: finding('ok') },
      { section: hook, finding: finding('plan') },
    ];
    expect(renderSummary(found, plain)).toBe('All 1 checks passed.');
    expect(countOf(found)).toEqual({ ok: 1, plan: 1, warning: 0, not_checked: 0, failed: 0 });
  });

  it('repeats what needs attention, the worst first', () => {
    const found: Found[] = [
      { section: storage, finding: finding('warning') },
      { section: storage, finding: finding('ok') },
      { section: hook, finding: finding('not_checked') },
      { section: hook, finding: finding('failed') },
      { section: hook, finding: finding('warning') },
    ];
    expect(renderSummary(found, plain).split('\n')).toEqual([
      '1 failed, 1 not checked, 2 warnings; 1 of 5 checks passed.',
      '  FAILED       hook: thing: failed',
      '  not checked  hook: thing: not_checked',
      '  warning      storage: thing: warning',
      '  warning      hook: thing: warning',
    ]);
  });

  it('counts and shows the warnings of one certificate once, with all that use it', () => {
    const warning = (line: string, about: string): Finding => ({ ...finding('warning', line), about });
    const chat = { area: 'output', title: 'chat (slack)', output: 'chat' } as const;
    const found: Found[] = [
      { section: hook, finding: warning('the file', 'A1') },
      { section: hook, finding: warning('the connection', 'A1') },
      { section: chat, finding: warning('the connection', 'A1') },
      { section: chat, finding: warning('another', 'B2') },
      { section: chat, finding: { ...finding('ok'), about: 'A1' } },
    ];
    expect(found.map((one) => isShared(one.finding))).toEqual([true, true, true, true, false]);
    expect(renderSummary(found, plain).split('\n')).toEqual([
      '2 warnings; 1 of 3 checks passed.',
      '  warning      hook, chat: thing: the file',
      '  warning      chat: thing: another',
    ]);
  });

  it('keeps findings below one another, on one line each, harmless for a terminal', () => {
    const lines = (['ok', 'plan', 'warning', 'not_checked', 'failed'] as const).map((status) =>
      renderFinding(finding(status, `${HOSTILE}\nsecond`), plain),
    );
    expect(new Set(lines.map((line) => line.indexOf('thing'))).size).toBe(1);
    expect(lines.every((line) => !line.includes('\n'))).toBe(true);
    for (const line of lines) expectHarmless(line);
    expect(renderFinding(finding('failed'), { color: true })).toBe(
      '  \u001b[1;31mFAILED     \u001b[0m  thing: failed',
    );
  });

  it('is the same for programs', () => {
    expect(jsonOf({ section: hook, finding: finding('ok') })).toEqual({
      ...{ area: 'output', output: 'hook', status: 'ok', what: 'thing', line: 'ok' },
    });
    expect(jsonOf({ section: storage, finding: finding('ok') })).not.toHaveProperty('output');
  });
});

describe('sizes and times for people', () => {
  it.each([
    [0, '0B'],
    [1023, '1023B'],
    [1536, '1.5KiB'],
    [4 * 1024 ** 3, '4GiB'],
    [200.4 * 1024 ** 2, '200MiB'],
  ])('%i bytes are %s', (bytes, text) => expect(roughSize(bytes)).toBe(text));

  it.each([
    [0, '0s'],
    [499, '0s'],
    [59_000, '59s'],
    [60_000, '1m'],
    [754_200, '12m34s'],
    [3_600_000, '1h'],
    [90_061_000, '1d1h'],
  ])('%i ms are %s', (milliseconds, text) => expect(roughDuration(milliseconds)).toBe(text));

  it('are close to what they stand for, in the grammar of the configuration', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (bytes) => {
        const parsed = parseSize(roughSize(bytes));
        expect(parsed.ok && Math.abs(parsed.value - bytes) <= bytes * 0.05).toBe(true);
      }),
      { numRuns: runs(200) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (milliseconds) => {
        const parsed = parseDuration(roughDuration(milliseconds));
        expect(parsed.ok && Math.abs(parsed.value - milliseconds) <= Math.max(500, milliseconds * 0.05)).toBe(
          true,
        );
      }),
      { numRuns: runs(200) },
    );
  });
});
