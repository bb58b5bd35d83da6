import { afterEach, expect, it } from 'vitest';
import { accountOf } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';
import { describeWith } from './describe.ts';
import { startAlertmanager } from './servers/alertmanager.ts';
import type { Server } from './servers/server.ts';

/** An output and its real server. */
interface Family {
  readonly start: () => Promise<Server>;
  /** The output's own lines of YAML. */
  readonly output: (server: Server) => string;
  /** The numbers of the events that the server has. */
  readonly arrived: (server: Server) => Promise<readonly number[]>;
  /** Made ready before events come: a queue, a stream. */
  readonly prepare?: (server: Server) => Promise<void>;
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** An event whose rule carries its number. */
const eventOf = (n: number): string =>
  JSON.stringify({
    output: `event ${n}`,
    output_fields: { 'proc.name': 'sh' },
    priority: 'Warning',
    rule: `rule ${n}`,
    source: 'syscall',
    time: new Date().toISOString(),
  });

/**
 * The contract of every output, on its real server: what is sent before, during and after an outage arrives.
 * What the server itself forgets in the outage is not asked for.
 */
function survivesAnOutage(programs: readonly string[], title: string, family: Family): void {
  describeWith({ programs }, title, () => {
    let server: Server | undefined;
    let tiercel: Tiercel | undefined;
    afterEach(async () => {
      await tiercel?.remove();
      await server?.stop();
    });

    it('gets what was sent while its server was away', async () => {
      server = await family.start();
      await family.prepare?.(server);
      tiercel = await startTiercel({
        config: `
outputs:
  it:
${family.output(server)}
    retry: { initial: 100ms, max: 1s }
    breaker: { initial: 100ms, max: 1s }
    timeout: 5s
`,
      });
      const there = server;
      const running = tiercel;
      const send = async (from: number, to: number): Promise<void> => {
        for (const n of numbers(from, to)) expect((await running.post('/', eventOf(n))).status).toBe(200);
      };
      const has = (wanted: readonly number[]): Promise<true> =>
        until(`${title} to have events ${wanted[0]} and on`, async () => {
          const arrived = new Set(await family.arrived(there));
          return wanted.every((n) => arrived.has(n));
        });
      await send(0, 20);
      await has(numbers(0, 20));
      await there.outage();
      await send(20, 220);
      await there.restore();
      await send(220, 230);
      await has(numbers(20, 230));
      const account = async () => accountOf((await running.get('/metrics')).body, 'it');
      await until('nothing to be pending', async () => (await account()).pending === 0);
      expect(await account()).toMatchObject({ accepted: 230, delivered: 230, deadLettered: 0 });
    });
  });
}

survivesAnOutage(['alertmanager'], 'alertmanager', {
  start: startAlertmanager,
  output: ({ url }) => `    type: alertmanager\n    hosts: ["${url}"]`,
  arrived: async ({ url }) => {
    const alerts = (await (await fetch(`${url}/api/v2/alerts`)).json()) as { labels: { rule: string } }[];
    return alerts.map(({ labels }) => Number(labels.rule.replace('rule ', '')));
  },
});
