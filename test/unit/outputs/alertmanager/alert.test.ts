import { describe, expect, it } from 'vitest';
import { exactNumber } from '../../../../core/event/decimal.ts';
import type { Event, Priority } from '../../../../core/sdk/index.ts';
import { type AlertRules, alertOf } from '../../../../outputs/alertmanager/alert.ts';
import { eventOf } from '../support.ts';

const PRIORITIES = [
  'Emergency',
  'Alert',
  'Critical',
  'Error',
  'Warning',
  'Notice',
  'Informational',
  'Debug',
] as const;
const RULES: AlertRules = {
  extra_labels: {},
  extra_annotations: {},
  severities: Object.fromEntries(PRIORITIES.map((name) => [name, `as ${name}`])) as Record<Priority, string>,
  drop_thresholds: [
    { above: 100, priority: 'Critical' },
    { above: 10, priority: 'Error' },
  ],
  drop_priority: 'Notice',
};
const alert = (event: Partial<Event>, rules: Partial<AlertRules> = {}, now = 0) =>
  alertOf(eventOf(event), { ...RULES, ...rules }, now);

describe('alertOf', () => {
  it('labels an alert with the event and its single values', () => {
    const fields = {
      'proc.name': 'sh',
      n: 7,
      big: 2n ** 64n,
      exact: exactNumber('0.50'),
      yes: true,
      none: null,
      list: ['a'],
      '///': 'no label',
      n_evts: '12',
      n_evts_other: 1,
    };
    expect(alert({ fields, tags: ['b', 'a'], output: 'text', source: 'k8s_audit' })).toEqual({
      labels: {
        proc_name: 'sh',
        n: '7',
        big: '18446744073709551616',
        exact: '0.50',
        alertname: 'Test rule',
        rule: 'Test rule',
        source: 'falco',
        eventsource: 'k8s_audit',
        hostname: 'host-1',
        tags: 'a,b',
        priority: 'Warning',
        severity: 'as Warning',
      },
      annotations: { info: 'text', description: 'text', summary: 'Test rule' },
      startsAt: '2026-01-02T03:04:05.000Z',
    });
  });

  it('has no label of a host or tags that the event does not name', () => {
    const { labels } = alert({ hostname: '', tags: [] });
    expect(Object.keys(labels)).toEqual([
      'alertname',
      'rule',
      'source',
      'eventsource',
      'priority',
      'severity',
    ]);
  });

  it.each<[string, string, Priority]>([
    ['0', '0', 'Warning'],
    ['1', '1', 'Notice'],
    ['10', '10', 'Notice'],
    ['11', '>10', 'Error'],
    ['100', '>10', 'Error'],
    ['101', '>100', 'Critical'],
  ])('gives %s drops the label %s and at least the priority %s', (drops, label, priority) => {
    const { labels } = alert({ priority: 'Debug', fields: { n_drops_x: drops } });
    expect(labels).toMatchObject({ n_drops_x: label, priority, severity: `as ${priority}` });
    expect(alert({ priority: 'Emergency', fields: { n_drop: Number(drops) } }).labels).toMatchObject({
      n_drop: label,
      priority: 'Emergency',
    });
  });

  it('ends its lifetime after it began or came, whichever is later', () => {
    const begun = Date.UTC(2026, 0, 2, 3, 4, 5);
    const end = (now: number) => alert({}, { expires_after: 1000 }, now).endsAt;
    expect([end(begun - 1), end(begun), end(begun + 1)]).toEqual([
      '2026-01-02T03:04:06.000Z',
      '2026-01-02T03:04:06.000Z',
      '2026-01-02T03:04:06.001Z',
    ]);
  });

  it('lets the configuration add and replace', () => {
    const { labels, annotations } = alert(
      { fields: { a: 'b' } },
      { extra_labels: { a: 'c', rule: 'mine' }, extra_annotations: { info: 'i', runbook: 'x' } },
    );
    expect(labels).toMatchObject({ a: 'c', rule: 'mine', alertname: 'Test rule' });
    expect(annotations).toMatchObject({ info: 'i', runbook: 'x', summary: 'Test rule' });
  });
});
