import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../core/sdk/contract/clock.ts';
import type { Event } from '../../../../core/sdk/index.ts';
import { labelName } from '../../../../outputs/alertmanager/alert.ts';
import alertmanager from '../../../../outputs/alertmanager/index.ts';
import { decoded } from '../../../support/decoded.ts';
import { goldenOf } from '../../../support/golden.ts';
import { batchOf, contextOf, eventOf, misbehaving, neverAborts, recordingLogger } from '../support.ts';

const events = { map: (event: Event) => ({ ok: true, record: event }) as const };

/** The alerts that one host gets for some events. */
async function alertsFor(list: readonly Event[], options: object = {}, now = 0) {
  const server = await misbehaving();
  const context = { ...contextOf(events), clock: { ...systemClock, now: () => now } };
  const output = alertmanager.create(
    decoded(alertmanager, { hosts: [`${server.url}/`], ...options }),
    context,
  );
  expect(await output.deliver(batchOf(list), neverAborts())).toEqual({ status: 'delivered' });
  await output.stop?.(neverAborts());
  await server.stop();
  expect(server.received[0]?.path).toBe('/api/v2/alerts');
  return JSON.parse(server.received[0]?.body ?? '') as { labels: Record<string, string>; startsAt: string }[];
}

describe('alertmanager', () => {
  it.each(goldenOf('alertmanager'))(
    'sends the labels of Falcosidekick for input $id',
    async ({ event, body }) => {
      const [{ startsAt, ...alert }] = (await alertsFor([event])) as [{ startsAt: string; labels: object }];
      const [{ endsAt: _zero, ...expected }] = body as [{ endsAt: string }];
      expect(alert).toEqual(expected);
      expect(startsAt).toBe(new Date(event.time).toISOString());
    },
  );

  it('gives dropped system calls their order of magnitude and its priority', async () => {
    const fields = { n_drops: '815508', n_drops_bug: '0', n_drops_pf: 803n, n_evts: '12', 'n_drops.tiny': 1 };
    const [alert] = await alertsFor([eventOf({ priority: 'Debug', fields })]);
    expect(alert?.labels).toMatchObject({
      n_drops: '>10000',
      n_drops_bug: '0',
      n_drops_pf: '>100',
      priority: 'Critical',
    });
    expect(alert?.labels).not.toHaveProperty('n_evts');
  });

  it('takes labels, annotations, severities and a lifetime from the configuration', async () => {
    const [alert] = await alertsFor([eventOf()], {
      extra_labels: { rule: 'mine' },
      extra_annotations: { runbook: 'x' },
      severities: { Warning: 'page' },
      expires_after: '1m',
    });
    expect(alert).toMatchObject({
      labels: { rule: 'mine', severity: 'page' },
      annotations: { runbook: 'x' },
      endsAt: '2026-01-02T03:05:05.000Z',
    });
  });

  it('lets an alert that comes late last as long as any other', async () => {
    const now = Date.UTC(2026, 0, 3);
    const [alert] = await alertsFor([eventOf()], { expires_after: '1m' }, now);
    expect(alert).toMatchObject({ startsAt: '2026-01-02T03:04:05.000Z', endsAt: '2026-01-03T00:01:00.000Z' });
  });

  it('does not wait for a host that hangs when another took the alerts', async () => {
    const good = await misbehaving();
    const hanging = await misbehaving(() => {});
    const log = recordingLogger();
    const patience: number[] = [];
    const clock = { ...systemClock, sleep: async (wait: number) => void patience.push(wait) };
    const context = { ...contextOf(events, log), clock };
    const output = alertmanager.create(decoded(alertmanager, { hosts: [hanging.url, good.url] }), context);
    expect((await output.deliver(batchOf([eventOf()]), neverAborts())).status).toBe('delivered');
    expect(patience).toEqual([2_000]);
    expect(log.lines).toMatchObject([{ details: { reason: expect.stringContaining('no answer in time') } }]);
    await output.stop?.(neverAborts());
    await Promise.all([good.stop(), hanging.stop()]);
  });

  it('is delivered when one host took the alerts, and says which did not', async () => {
    const good = await misbehaving();
    const bad = await misbehaving((_, response) => {
      response.writeHead(503);
      response.end();
    });
    const log = recordingLogger();
    const output = alertmanager.create(
      decoded(alertmanager, { hosts: [bad.url, good.url] }),
      contextOf(events, log),
    );
    expect((await output.deliver(batchOf([eventOf()]), neverAborts())).status).toBe('delivered');
    expect(log.lines).toMatchObject([{ level: 'warn', details: { reason: expect.stringContaining('503') } }]);
    await good.stop();
    expect((await output.deliver(batchOf([eventOf()]), neverAborts())).status).toBe('retry');
    await output.stop?.(neverAborts());
    await bad.stop();
  });
});

describe('labelName', () => {
  it.each([
    ['host{name}', 'host_name'],
    ['{host}[name]', 'host_name'],
    ['host[name]other', 'host_name_other'],
    ['json.value[/user/extra/sessionName]', 'json_value_user_extra_sessionName'],
    ['0day', '_0day'],
  ])('%s is %s', (field, label) => expect(labelName(field)).toBe(label));

  it('is a label whatever the field, or nothing', () => {
    fc.assert(
      fc.property(fc.string(), (field) => {
        expect(labelName(field)).toMatch(/^([a-zA-Z_][a-zA-Z0-9_]*)?$/);
      }),
      { examples: [[''], ['_'], ['0'], ['.'], ['[]'], ['é'], ['a\n'], ['😀']] },
    );
  });
});
