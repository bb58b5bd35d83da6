import {
  asEvents,
  type Clock,
  type Delivery,
  defineOutput,
  duration,
  httpClient,
  httpOptions,
  httpUrl,
  PRIORITIES,
  type Priority,
  parsePriority,
  Type,
} from '../../core/index.ts';
import { alertOf } from './alert.ts';

const priorityName = (options: { description: string; default?: string; formerly?: string[] }) =>
  Type.Union(
    PRIORITIES.map((name) => Type.Literal(name.toLowerCase())),
    options,
  );
const texts = (description: string, formerly: string) =>
  Type.Optional(Type.Record(Type.String(), Type.String(), { description, formerly: [formerly] }));

const DEFAULT_SEVERITIES: Readonly<Record<Priority, string>> = {
  Emergency: 'critical',
  Alert: 'critical',
  Critical: 'critical',
  Error: 'warning',
  Warning: 'warning',
  Notice: 'information',
  Informational: 'information',
  Debug: 'information',
};

const DEFAULT_THRESHOLDS = [
  { above: 10_000, priority: 'critical' },
  { above: 1_000, priority: 'critical' },
  { above: 100, priority: 'critical' },
  { above: 10, priority: 'warning' },
  { above: 1, priority: 'warning' },
];

/** How long the other hosts have when one took the alerts, milliseconds. */
const PATIENCE = 2_000;

/** Raises an alert in Alertmanager for each event. */
export default defineOutput({
  apiVersion: 1,
  type: 'alertmanager',
  summary: 'Raises an alert in Prometheus Alertmanager for each event.',
  options: Type.Object(
    {
      hosts: Type.Array(httpUrl({ description: 'One Alertmanager.' }), {
        minItems: 1,
        formerly: ['alertmanager.hostport'],
        description:
          'The Alertmanagers. Name all members of a cluster: each gets every alert, and they agree among themselves.',
        examples: [['http://alertmanager-0:9093', 'http://alertmanager-1:9093']],
      }),
      endpoint: Type.Optional(
        Type.String({
          default: '/api/v2/alerts',
          pattern: '^/',
          formerly: ['alertmanager.endpoint'],
          description: 'Path of the API on each host.',
        }),
      ),
      expires_after: Type.Optional(
        duration({
          formerly: ['alertmanager.expiresafter'],
          description:
            'How long the alert lasts once it was delivered. Without: the `resolve_timeout` of Alertmanager.',
        }),
      ),
      extra_labels: texts(
        'Labels put on every alert; they win over those of the event.',
        'alertmanager.extralabels',
      ),
      extra_annotations: texts('Annotations put on every alert.', 'alertmanager.extraannotations'),
      severities: texts(
        'The label `severity` by priority, where it shall not be `critical` (critical and above), `warning` (warning, error) or `information`.',
        'alertmanager.customseveritymap',
      ),
      drop_priority: Type.Optional(
        priorityName({
          default: 'critical',
          formerly: ['alertmanager.dropeventdefaultpriority'],
          description: 'Least priority of an event that tells of dropped system calls.',
        }),
      ),
      drop_thresholds: Type.Optional(
        Type.Array(
          Type.Object(
            {
              above: Type.Integer({ minimum: 0, description: 'More drops than this.' }),
              priority: priorityName({ description: 'The least priority of the alert then.' }),
            },
            { additionalProperties: false },
          ),
          {
            default: DEFAULT_THRESHOLDS,
            description:
              'Numbers of drops become the label `>{above}`, so that a counter does not make a new alert each time.',
          },
        ),
      ),
      ...httpOptions,
    },
    { additionalProperties: false },
  ),
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
    const { hosts, endpoint = '/api/v2/alerts', extra_labels = {}, extra_annotations = {} } = options;
    const http = httpClient(options, context);
    const rules = {
      extra_labels,
      extra_annotations,
      severities: severitiesOf(options.severities ?? {}),
      drop_priority: parsePriority(options.drop_priority ?? 'critical')!,
      drop_thresholds: (options.drop_thresholds ?? DEFAULT_THRESHOLDS)
        .map(({ above, priority }) => ({ above, priority: parsePriority(priority)! }))
        .sort((a, b) => b.above - a.above),
      ...(options.expires_after !== undefined && { expires_after: options.expires_after }),
    };
    const urls = hosts.map((host) => host.replace(/\/+$/, '') + endpoint);
    return {
      async deliver({ records }, signal) {
        const now = context.clock.now();
        const body = JSON.stringify(records.map((event) => alertOf(event, rules, now)));
        const answers = await askAll(
          urls,
          (url, either) => http.post(url, body, either),
          signal,
          context.clock,
        );
        return together(answers, (reason) =>
          context.log.warn({ reason }, 'one Alertmanager did not take the alerts'),
        );
      },
      stop: async () => http.close(),
    };
  },
});

/** Asks all at once. When one has answered for all, the others are not waited for much longer: one of them may hang. */
async function askAll(
  urls: readonly string[],
  post: (url: string, signal: AbortSignal) => Promise<Delivery>,
  signal: AbortSignal,
  clock: Clock,
): Promise<readonly Delivery[]> {
  const enough = new AbortController();
  const either = AbortSignal.any([signal, enough.signal]);
  const one = async (url: string) => {
    const answer = await post(url, either);
    if (answer.status === 'delivered') void clock.sleep(PATIENCE, either).then(() => enough.abort());
    return answer;
  };
  const answers = await Promise.all(urls.map(one));
  enough.abort();
  return answers;
}

/** One host that took them is enough; what another has to say is only told. */
function together(answers: readonly Delivery[], tell: (reason: string) => void): Delivery {
  const good = answers.find(({ status }) => status === 'delivered');
  if (good === undefined) return answers.find(({ status }) => status === 'retry') ?? answers[0]!;
  for (const answer of answers) if (answer.status !== 'delivered') tell(answer.reason);
  return good;
}

/** @throws Error at a name that is no priority */
function severitiesOf(custom: Readonly<Record<string, string>>): ReadonlyMap<Priority, string> {
  const severities = new Map(PRIORITIES.map((priority) => [priority, DEFAULT_SEVERITIES[priority]]));
  for (const [name, severity] of Object.entries(custom)) {
    const priority = parsePriority(name);
    if (priority === undefined) throw new Error(`severities: ${JSON.stringify(name)} is not a priority`);
    severities.set(priority, severity);
  }
  return severities;
}
