import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivery, delivered, rejected, retry } from '../../../../core/sdk/contract/verdicts.ts';
import type { Batch } from '../../../../core/sdk/index.ts';
import { createWorld, numberOf } from '../../../support/output-loop.ts';
import { runs } from '../../../support/runs.ts';

const answer = fc.oneof(
  fc.record({
    kind: fc.constantFrom('delivered', 'retry', 'throw', 'hang', 'hang deaf', 'denied', 'slow', 'nonsense'),
  }),
  fc.record({ kind: fc.constant('partial'), failed: fc.nat(255), rejected: fc.nat(255) }),
);
const scenario = fc.record({
  answers: fc.array(answer, { maxLength: 30 }),
  guilty: fc.uniqueArray(fc.nat(59), { maxLength: 6 }),
  limits: fc.record({ events: fc.integer({ min: 1, max: 12 }), every: fc.constantFrom(100, 5000) }),
  ordering: fc.constantFrom('none', 'partition'),
  partitions: fc.integer({ min: 1, max: 3 }),
  /** Stops after so many milliseconds, in whatever is going on, and starts again. */
  stops: fc.array(
    fc.record({ after: fc.integer({ min: 1, max: 90_000 }), deadline: fc.constantFrom(0, 500, 40_000) }),
    {
      maxLength: 3,
    },
  ),
});

/** Batches of one and of all, no answer and every answer, and stops at once. */
const edges = [1, 12].flatMap((events) =>
  ([0, 500] as const).map((deadline): [typeof scenario extends fc.Arbitrary<infer T> ? T : never] => [
    {
      answers:
        events === 1
          ? []
          : (['hang', 'hang deaf', 'denied', 'nonsense', 'slow'] as const).map((kind) => ({ kind })),
      guilty: [0, 59],
      limits: { events, every: 100 },
      ordering: 'partition',
      partitions: 1,
      stops: [
        { after: 1, deadline },
        { after: 1, deadline },
      ],
    },
  ]),
);

type Answer = { kind: string; failed?: number; rejected?: number };

describe('whatever an output answers', () => {
  it('loses nothing, invents nothing, and the accounts are right', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ answers, guilty, limits, ordering, partitions, stops }) => {
        const world = await createWorld();
        const { clock } = world;
        const script: Answer[] = [...answers];
        const bad = new Set(guilty);
        const taken: number[] = [];
        const refused = new Set<number>();
        const contents = new Map<string, string>();
        let restarts = 0;

        async function deliver({ id, records }: Batch<number>, signal: AbortSignal): Promise<Delivery> {
          // The same id always carries the same records.
          const content = records.join();
          expect(contents.get(id) ?? content).toBe(content);
          contents.set(id, content);
          const next = script.shift();
          const guiltyHere = records.some((n) => bad.has(n));
          switch (next?.kind) {
            case 'retry':
              return retry('busy', { after: 3000 });
            case 'denied':
              return retry('403', { denied: true });
            case 'throw':
              throw new Error('ECONNRESET');
            case 'nonsense':
              return retry('what', { failed: [records.length] });
            case 'hang':
              await clock.sleep(1e12, signal);
              throw signal.reason;
            case 'hang deaf':
              return new Promise(() => {});
            case 'slow':
              await clock.sleep(20_000);
              break;
            case 'partial': {
              const chosen = (bits: number) => records.flatMap((_, i) => ((bits >> (i % 8)) & 1 ? [i] : []));
              const failed = chosen(next.failed!);
              const out = new Set([...failed, ...chosen(next.rejected!)]);
              for (const i of chosen(next.rejected!)) if (!failed.includes(i)) refused.add(records[i]!);
              taken.push(...records.filter((_, i) => !out.has(i)));
              return retry('some', {
                failed,
                rejected: chosen(next.rejected!).map((index) => ({ index, reason: 'partial' })),
              });
            }
          }
          if (guiltyHere) return rejected('guilty');
          taken.push(...records);
          return delivered();
        }

        const settings = { limits, policy: { ordering } } as const;
        const output = {
          deliver,
          partition: (event: { fields: object }) =>
            `p${Number((event.fields as { n: number }).n) % partitions}`,
        };
        let running = await world.run(output, settings);
        await world.accept(40);
        for (const { after, deadline } of stops) {
          await clock.advance(after);
          expect(running.identity()).toBe(0);
          const limit = new AbortController();
          const stopped = running.loop.stop(limit.signal);
          await clock.advance(deadline);
          limit.abort();
          await clock.advance(1000);
          await stopped;
          expect(running.identity()).toBe(0);
          expect(clock.sleepers() <= answers.length).toBe(true);
          restarts++;
          running = await world.run(output, settings);
        }
        await world.accept(20);
        await clock.advance(3_600_000);

        expect(running.loop.accounts().pending).toBe(0);
        expect(running.identity()).toBe(0);
        expect(running.loop.health().state).toBe('ok');
        const letters = (await world.letters()).map(({ raw }) => numberOf(raw));
        const ends = [...taken, ...letters];
        expect(new Set(ends)).toEqual(new Set(Array.from({ length: 60 }, (_, n) => n)));
        for (const n of letters) expect(bad.has(n) || refused.has(n)).toBe(true);
        // Without a stop in the middle of it, nothing arrives twice.
        if (restarts === 0) expect(ends).toHaveLength(60);
      }),
      { numRuns: runs(60), examples: edges },
    );
  });
});
