import { describe, expect, it } from 'vitest';
import { askInstance, describeState, type OutputState } from '../../../../../core/cli/doctor/instance.ts';

const NOW = Date.UTC(2026, 0, 1);
const METRICS = `# HELP tiercel_build_info Always 1.
tiercel_build_info{version="1.2.3",runtime="node"} 1
tiercel_output_oldest_seconds{output="hook"} 754.2
tiercel_events_lost_total{output="hook",exact="true"} 3
tiercel_events_lost_total{output="hook",exact="false"} 4
tiercel_events_lost_total{output="hooks",exact="true"} 99
`;
const JOURNAL = { state: 'ok', bytes: 1024, max_bytes: 4096, orphans: [] };
const OUTPUT = { name: 'hook', type: 'webhook', state: 'ok', since: NOW, pending: 0 };

function instance(answers: Record<string, { status?: number; body?: object | string }> = {}) {
  return async (path: string) => {
    const usual: Record<string, object | string> = {
      '/metrics': METRICS,
      '/readyz': { status: 'ready', reasons: [] },
      '/journal': JOURNAL,
      '/outputs': { outputs: [OUTPUT] },
    };
    const { status = 200, body = usual[path]! } = answers[path] ?? {};
    return { status, body: typeof body === 'string' ? body : JSON.stringify(body) };
  };
}

const short = (found: readonly { status: string; what: string; line: string }[]) =>
  found.map(({ status, what, line }) => `${status} ${what}: ${line}`);

describe('a running instance', () => {
  it('says what it is, and what its outputs do', async () => {
    const { findings, outputs } = await askInstance(instance(), '/s/admin.sock', '1.2.3');
    expect(short(findings)).toEqual([
      'ok process: Tiercel 1.2.3 answers at /s/admin.sock',
      'ok readiness: it takes events',
      'ok journal: 1KiB of 4KiB used',
    ]);
    expect(outputs!.get('hook')).toMatchObject({ state: 'ok', oldest: 754.2, lost: 3, maybeLost: 4 });
  });

  it('is not well when it is of another version, not ready, full, or keeps orphans', async () => {
    const orphans = [
      { output: 'gone', pending: 5 },
      { output: 'empty', pending: 0 },
    ];
    const ask = instance({
      '/readyz': { status: 503, body: { reasons: ['the journal has failed'] } },
      '/journal': { body: { ...JOURNAL, state: 'full', orphans } },
    });
    const { findings } = await askInstance(ask, '/s', '2.0.0');
    expect(short(findings)).toEqual([
      'warning process: Tiercel 1.2.3 answers at /s, and this program is 2.0.0: use the same version for both',
      'failed readiness: it is not ready: the journal has failed',
      'failed journal: full (1KiB of 4KiB): senders wait until an output delivers',
      expect.stringMatching(/^warning orphans: 5 events are kept for "gone".*journal forget gone --yes/),
    ]);
    const failed = instance({ '/journal': { body: { ...JOURNAL, state: 'failed', reason: 'EIO' } } });
    expect(short((await askInstance(failed, '/s', '1.2.3')).findings).at(-1)).toMatch(
      /^failed journal: failed: EIO/,
    );
  });

  it('is a failure when it cannot be asked', async () => {
    for (const ask of [
      instance({ '/outputs': { status: 500 } }),
      () => Promise.reject(new Error('no answer')),
    ]) {
      const { findings, outputs } = await askInstance(ask, '/s', '1.2.3');
      expect(findings.at(-1)).toMatchObject({ status: 'failed', what: 'process' });
      expect(outputs).toBeUndefined();
    }
  });
});

describe('the state of an output', () => {
  const state = (more: Partial<OutputState>): OutputState => ({
    ...{ state: 'ok', since: NOW - 754_000, pending: 0, oldest: 0, lost: 0, maybeLost: 0 },
    ...more,
  });
  const busy = { pending: 4211, oldest: 754.2, reason: 'ECONNREFUSED' };

  it.each<[OutputState | undefined, string[]]>([
    [state({}), ['ok delivery: works; nothing pending']],
    [state({ pending: 2, oldest: 1 }), ['ok delivery: works; 2 pending, the oldest for 1s']],
    [
      state({ state: 'retrying', ...busy }),
      ['warning delivery: retries for 12m34s; 4211 pending, the oldest for 12m34s: ECONNREFUSED'],
    ],
    [
      state({ state: 'open', ...busy }),
      ['failed delivery: circuit breaker open for 12m34s; 4211 pending, the oldest for 12m34s: ECONNREFUSED'],
    ],
    [state({ state: 'stopped' }), ['failed delivery: stopped for 12m34s; nothing pending: see the log']],
    [
      state({ lost: 3, maybeLost: 4, dead_letters: 7 }),
      [
        'ok delivery: works; nothing pending',
        'warning lost: 3 events, and up to 4 more since the start: check the disk',
        'warning dead letters: 7 stored: tiercel dlq list shows them with their reasons',
      ],
    ],
    [
      undefined,
      ['warning delivery: the running instance does not have this output: reload its configuration (SIGHUP)'],
    ],
  ])('%#', (given, lines) => {
    expect(short(describeState(given, NOW))).toEqual(lines);
  });
});
