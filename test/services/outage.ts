import { afterEach, expect, it } from 'vitest';
import { accountOf } from '../support/metrics.ts';
import { startTiercel, type Tiercel } from '../support/process.ts';
import { until } from '../support/until.ts';
import { describeWith } from './describe.ts';
import type { Server } from './servers/server.ts';

/** An output and its real server. */
export interface Family {
  readonly start: () => Promise<Server>;
  /** The output's own lines of YAML, indented by four. */
  readonly output: (server: Server) => string;
  readonly env?: Readonly<Record<string, string>>;
  /** The numbers of the events that the server has, each as often as it has them. */
  readonly arrived: (server: Server) => Promise<readonly number[]>;
  /** Made ready before events come: a queue, a stream. */
  readonly prepare?: (server: Server) => Promise<void>;
  /** A server that keeps its data in memory: it is made ready again after the outage, while events already come. */
  readonly forgets?: boolean;
  /** A server that holds each event once, however often it was sent. */
  readonly once?: boolean;
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

/** The number in a text that holds the rule of such an event, also as part of a subject. */
export function numberIn(text: string): number {
  const [, digits] = /rule[ -](\d+)/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`no event of the test: ${text.slice(0, 200)}`);
  return Number(digits);
}

/**
 * The contract of every output, on its real server: what is sent before, during and after an outage arrives.
 * What the server itself forgets in the outage is not asked for.
 */
export function survivesAnOutage(programs: readonly string[], title: string, family: Family): void {
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
        ...(family.env && { env: family.env }),
      });
      const there = server;
      const running = tiercel;
      const send = async (from: number, to: number): Promise<void> => {
        for (const n of numbers(from, to)) expect((await running.post('/', eventOf(n))).status).toBe(200);
      };
      const has = async (wanted: readonly number[]): Promise<void> => {
        let missing: readonly number[] = wanted;
        await until(`${title} to have events ${wanted[0]} and on`, async () => {
          const arrived = new Set(await family.arrived(there));
          missing = wanted.filter((n) => !arrived.has(n));
          return missing.length === 0;
        }).catch((error: Error) => {
          throw new Error(
            `${error.message}; missing: ${missing.join(' ')}\n${running.output().slice(-2000)}`,
          );
        });
      };
      await send(0, 20);
      await has(numbers(0, 20));
      await there.outage();
      await send(20, 220);
      await there.restore();
      await send(220, 225);
      if (family.forgets) await family.prepare?.(there);
      await send(225, 230);
      await has(numbers(20, 230));
      const account = async () => accountOf((await running.get('/metrics')).body, 'it');
      await until('nothing to be pending', async () => (await account()).pending === 0);
      expect(await account()).toMatchObject({ accepted: 230, delivered: 230, deadLettered: 0 });
      if (family.once) {
        const arrived = [...(await family.arrived(there))].sort((a, b) => a - b);
        expect(arrived).toEqual(numbers(family.forgets ? 20 : 0, 230));
      }
    });
  });
}
