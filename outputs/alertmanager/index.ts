import {
  asEvents,
  type Batch,
  byPriority,
  defineOutput,
  deliverToAny,
  duration,
  type Event,
  httpOptions,
  httpUrl,
  priority,
  probeHttp,
  Type,
} from '../../core/sdk/index.ts';
import { type AlertRules, alertOf } from './alert.ts';

const texts = (description: string, falcosidekick: string) =>
  Type.Record(Type.String(), Type.String(), { default: {}, description, falcosidekick: [falcosidekick] });

const SEVERITIES: AlertRules['severities'] = {
  Emergency: 'critical',
  Alert: 'critical',
  Critical: 'critical',
  Error: 'warning',
  Warning: 'warning',
  Notice: 'information',
  Informational: 'information',
  Debug: 'information',
};

const DROP_THRESHOLDS: AlertRules['drop_thresholds'] = [
  { above: 10_000, priority: 'Critical' },
  { above: 1_000, priority: 'Critical' },
  { above: 100, priority: 'Critical' },
  { above: 10, priority: 'Warning' },
  { above: 1, priority: 'Warning' },
];

/** Raises an alert in Alertmanager for each event. */
export default defineOutput({
  apiVersion: 1,
  type: 'alertmanager',
  summary: 'Raises an alert in Prometheus Alertmanager for each event.',
  category: 'alerting',
  stability: 'stable',
  options: Type.Object({
    hosts: Type.Array(httpUrl({ description: 'One Alertmanager.' }), {
      minItems: 1,
      falcosidekick: ['alertmanager.hostport'],
      description:
        'The Alertmanagers. Name all members of a cluster: each gets every alert, and they agree among themselves.',
      examples: [['http://alertmanager-0:9093', 'http://alertmanager-1:9093']],
    }),
    endpoint: Type.String({
      advanced: true,
      default: '/api/v2/alerts',
      pattern: '^/',
      falcosidekick: ['alertmanager.endpoint'],
      description: 'Path of the API on each host, beginning with `/`.',
    }),
    expires_after: Type.Optional(
      duration({
        falcosidekick: [{ key: 'alertmanager.expiresafter', unit: 's' }],
        description:
          'How long the alert lasts once it was delivered. Without: the `resolve_timeout` of Alertmanager.',
      }),
    ),
    extra_labels: texts(
      'Labels put on every alert; they win over those of the event.',
      'alertmanager.extralabels',
    ),
    extra_annotations: texts('Annotations put on every alert.', 'alertmanager.extraannotations'),
    severities: Type.Optional(
      byPriority(Type.String(), {
        falcosidekick: ['alertmanager.customseveritymap'],
        description:
          'The label `severity` by priority, where it shall not be `critical` (critical and above), `warning` (warning, error) or `information`.',
        examples: [{ error: 'critical' }],
      }),
    ),
    drop_priority: priority({
      advanced: true,
      default: 'critical',
      falcosidekick: ['alertmanager.dropeventdefaultpriority'],
      description: 'Least priority of an event that tells of dropped system calls.',
    }),
    drop_thresholds: Type.Array(
      Type.Object({
        above: Type.Integer({ minimum: 0, description: 'More drops than this.' }),
        priority: priority({ description: 'The least priority of the alert then.' }),
      }),
      {
        advanced: true,
        default: DROP_THRESHOLDS,
        description:
          'Numbers of drops become the label `>{above}`, so that a counter does not make a new alert each time.',
      },
    ),
    ...httpOptions,
  }),
  examples: [
    { title: 'Minimal', options: { hosts: ['http://alertmanager:9093'] } },
    {
      title: 'A cluster, with labels',
      options: {
        hosts: ['http://alertmanager-0:9093', 'http://alertmanager-1:9093'],
        expires_after: '15m',
        extra_labels: { team: 'security' },
        severities: { error: 'critical' },
      },
    },
  ],
  batch: { events: 64, every: 1_000 },
  mapper: asEvents,
  idempotent: true,
  notes: `Labels are those of Falcosidekick. The same alert again is the same alert to Alertmanager, so a repeated batch does no harm.

Delivered when one of the hosts took the alerts: the members of a cluster pass them on; a host that did not is named in the log. Retried: network faults and
every status that does not speak about the content. Set aside: 400, 413, 415, 422, after the batch was halved until the guilty alerts are found.`,
  create(options, context) {
    const { hosts, endpoint, severities, drop_thresholds: thresholds } = options;
    const { http, clock } = context;
    const rules: AlertRules = {
      ...options,
      severities: { ...SEVERITIES, ...severities },
      drop_thresholds: [...thresholds].sort((a, b) => b.above - a.above),
    };
    const urlOf = (host: string, path: string) => host.replace(/\/+$/, '') + path;
    const bodyOf = ({ events }: Pick<Batch<Event>, 'events'>) => {
      const now = clock.now();
      return JSON.stringify(events.map((event) => alertOf(event, rules, now)));
    };
    return {
      preview: bodyOf,
      deliver(batch, signal) {
        const body = bodyOf(batch);
        const send = (host: string, either: AbortSignal) => http.post(urlOf(host, endpoint), body, either);
        return deliverToAny(hosts, send, signal, context);
      },
      async *diagnose(_, signal) {
        for (const host of hosts) yield* probeHttp(http, { url: urlOf(host, '/-/ready') }, signal);
      },
    };
  },
});
