import { describe, expect, it } from 'vitest';
import type { Finding, Output } from '../../../../core/sdk/index.ts';
import { until } from '../../../support/until.ts';
import { neverAborts } from '../support.ts';
import { batch, event, make, start } from './support.ts';

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
      'connection ok',
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
      {
        status: 'failed',
        what: 'connection',
        line: expect.stringMatching(/^127\.0\.0\.1:9: .*ECONNREFUSED/),
      },
    ]);
    const unknown = await start({ topics: {} });
    expect(said(await diagnose(make(unknown, { brokers: [unknown.address, '127.0.0.1:9'] })))).toEqual([
      'connection ok',
      'broker ok',
      'connection warning',
      'topic failed',
      'producer id ok',
    ]);
    const leaderless = await start({ topics: { falco: 2 }, operations: 1 << 8, producerIds: false });
    leaderless.state.leaderless.add('falco:1');
    expect(said(await diagnose(make(leaderless)))).toEqual([
      'connection ok',
      'broker ok',
      'topic warning',
      'permission failed',
      'producer id failed',
    ]);
    const silent = await start({ topics: { falco: 1 }, operations: -0x80000000 });
    expect(said(await diagnose(make(silent, { idempotent: false })))).toEqual([
      'connection ok',
      'broker ok',
      'topic ok',
      'permission not_checked',
    ]);
    silent.state.leaderless.add('falco:0');
    expect(said(await diagnose(make(silent, { idempotent: false })))).toContain('topic failed');
  });

  it('tells a name, TLS and a login that fail apart', async () => {
    const broker = await start({ topics: { falco: 1 }, password: 'right-password' });
    expect(said(await diagnose(make({ address: 'no-such-host.invalid:9092' })))).toEqual(['name failed']);
    const { port } = new URL(`kafka://${broker.address}`);
    const named = make({ address: `localhost:${port}` }, { tls: { insecure: false } });
    expect(said(await diagnose(named))).toEqual(['name ok', 'connection ok', 'TLS failed']);
    const sasl = { mechanism: 'PLAIN', username: 'falco', password: 'wrong-password' } as const;
    expect(await diagnose(make(broker, { sasl }))).toEqual([
      expect.objectContaining({ what: 'connection', status: 'ok' }),
      {
        what: 'broker',
        status: 'failed',
        line: expect.stringMatching(/^127\.0\.0\.1:\d+: .* SASL_AUTHENTICATION_FAILED/),
      },
    ]);
  });

  it('lets no broker create a topic', async () => {
    const broker = await start({ topics: {} });
    const found = await diagnose(make(broker, { allow_topic_creation: true }));
    expect(said(found)).toEqual(['connection ok', 'broker ok', 'topic plan', 'producer id ok']);
    expect(broker.mayCreate).toEqual([false]);
    await make(broker, { allow_topic_creation: true }).deliver(batch([event(0)]), neverAborts());
    expect(broker.mayCreate).toEqual([false, true]);
  });
});
