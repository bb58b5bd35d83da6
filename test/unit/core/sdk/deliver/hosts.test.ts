import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../../core/sdk/contract/clock.ts';
import { type Delivery, delivered, deliverToAny, rejected, retry } from '../../../../../core/sdk/index.ts';
import { recordingLogger } from '../../../outputs/support.ts';

const neverAborts = () => new AbortController().signal;

/** Hosts by what they answer; the log, and how long the slow were waited for. */
async function ask(hosts: Readonly<Record<string, Delivery | Error | 'hang'>>) {
  const log = recordingLogger();
  const waits: number[] = [];
  const clock = { ...systemClock, sleep: async (wait: number) => void waits.push(wait) };
  const answer = await deliverToAny(
    Object.keys(hosts),
    async (host, signal) => {
      const said = hosts[host]!;
      if (said === 'hang')
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('late'))));
      if (said instanceof Error) throw said;
      return said as Delivery;
    },
    neverAborts(),
    { clock, log },
  );
  return { answer, waits, lines: log.lines };
}

describe('deliverToAny', () => {
  it('is delivered when one host took it, and logs what the others said', async () => {
    const { answer, lines } = await ask({ a: retry('busy'), b: delivered(), c: new Error('gone') });
    expect(answer).toEqual({ status: 'delivered' });
    expect(lines.map(({ details }) => details)).toEqual([{ reason: 'busy' }, { reason: 'gone' }]);
  });

  it('does not wait for a host that hangs when another took it', async () => {
    const { answer, waits } = await ask({ a: 'hang', b: delivered() });
    expect(answer).toEqual({ status: 'delivered' });
    expect(waits).toEqual([2_000]);
  });

  it('tries again when none took it and one may later, and rejects when all refuse the content', async () => {
    expect((await ask({ a: rejected('bad'), b: retry('busy') })).answer).toEqual(retry('busy'));
    expect((await ask({ a: rejected('bad'), b: rejected('worse') })).answer).toEqual(rejected('bad'));
  });
});
