import { describe, expect, it } from 'vitest';
import type { Finding, Output } from '../../../../core/sdk/index.ts';
import { until } from '../../../support/until.ts';
import { neverAborts } from '../support.ts';
import { event, make, start } from './support.ts';

describe('the diagnosis of kafka', () => {
  const diagnose = async (output: Output): Promise<Finding[]> => {
    const found: Finding[] = [];
    for await (const one of output.diagnose!({ write: false, sample: event(0) }, neverAborts()))
      found.push(one);
    return found;
  };
  const said = (found: readonly Finding[]) => found.map(({ status, what }) => `${what} ${status}`);

  it('finds all in order, and leaves no connection', async () => {
    const broker = await start({ topics: { falco: 2 } });
    expect(said(await diagnose(make(broker)))).toEqual([
      'broker ok',
      'topic ok',
      'permission ok',
      'producer id ok',
    ]);
    await until('the connection to be gone', () => broker.sockets.size === 0);
    expect(broker.log).toEqual([]);
  });

  it('finds what is wrong, step by step', async () => {
    const dead = await diagnose(make({ address: '127.0.0.1:9' }));
    expect(dead).toEqual([
      { status: 'failed', what: 'broker', line: expect.stringMatching(/^127\.0\.0\.1:9: .*ECONNREFUSED/) },
    ]);
    const unknown = await start({ topics: {} });
    expect(said(await diagnose(make(unknown, { brokers: [unknown.address, '127.0.0.1:9'] })))).toEqual([
      'broker ok',
      'broker unknown',
      'topic failed',
      'producer id ok',
    ]);
    const leaderless = await start({ topics: { falco: 2 }, operations: 1 << 8, producerIds: false });
    leaderless.state.leaderless.add('falco:1');
    expect(said(await diagnose(make(leaderless)))).toEqual([
      'broker ok',
      'topic failed',
      'permission failed',
      'producer id failed',
    ]);
    const silent = await start({ topics: { falco: 1 }, operations: -0x80000000 });
    expect(said(await diagnose(make(silent, { idempotent: false })))).toEqual([
      'broker ok',
      'topic ok',
      'permission unknown',
    ]);
  });
});
