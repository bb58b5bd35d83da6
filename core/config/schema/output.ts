import type { Static } from 'typebox';
import { duration, size } from '../../sdk/options/scalars.ts';
import { Type } from '../../sdk/options/type.ts';
import { count, names, optionalSection, section } from './builders.ts';

/** Settings of every output, for all types; an option of a type must not have one of these names. */
export const OutputSchema = section(
  {
    type: Type.String({
      minLength: 1,
      description:
        'A built-in, the name of a package, or a path (`./outputs/tickets.js`) relative to the configuration file.',
    }),
    enabled: Type.Boolean({
      description: 'A disabled output keeps its cursor in the journal but receives no events.',
      default: true,
    }),
    minimum_priority: Type.Optional(
      Type.String({
        format: 'priority',
        description: 'Minimum priority of the events for this output. Default: all priorities.',
        examples: ['warning'],
        falcosidekick: ['minimumpriority'],
      }),
    ),
    match: Type.Optional(
      section(
        {
          rules: names('Names of rules.', ['Terminal *', '!*test*']),
          sources: names('Event sources: `syscall`, `k8s_audit` …', ['syscall']),
          tags: names('Tags; at least one tag of the event must match.', ['container', 'mitre_*']),
          hostnames: names('Host names.', ['node-*']),
          namespaces: names('Kubernetes namespaces.', ['shop', 'prod-*']),
          priorities: Type.Optional(
            Type.Array(Type.String({ format: 'priority' }), {
              minItems: 1,
              description: 'Exactly these priorities.',
              examples: [['critical', 'alert']],
            }),
          ),
        },
        'Conditions on the event; all of them must be met. Globs: `*` and `?`; a leading `!` excludes.',
      ),
    ),
    when: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'A CEL expression that must be true as well. If it fails for an event, the event is delivered.',
        examples: ['priority >= "warning" && fields["k8s.ns.name"] != "kube-system"'],
      }),
    ),
    mapper: Type.Optional(
      Type.Union(
        [
          Type.String({ minLength: 1 }),
          Type.Object(
            { type: Type.String({ minLength: 1, description: 'A built-in, a package or a path.' }) },
            { additionalProperties: true, description: 'A mapper with options in addition to its `type`.' },
          ),
        ],
        {
          description: 'Converts events to records: the name of a mapper, or `{type: …}` with its options.',
          examples: ['ocsf'],
        },
      ),
    ),
    batch: optionalSection(
      {
        events: Type.Optional(count('Maximum number of events in a batch.', { examples: [100] })),
        size: Type.Optional(
          size({ description: 'Maximum size of a batch.', minimum: '1B', examples: ['1MiB'] }),
        ),
        every: Type.Optional(
          duration({ description: 'Maximum age of a batch.', minimum: '1ms', examples: ['5s'] }),
        ),
        cron: Type.Optional(
          Type.String({
            format: 'cron',
            description: 'Close all open batches at these times: five fields, in UTC.',
            examples: ['0 6 * * *'],
          }),
        ),
      },
      'When a batch is closed; the first limit that is reached applies. The defaults depend on the type.',
    ),
    retry: optionalSection(
      {
        initial: duration({
          description: 'Initial backoff. It doubles on each retry, with jitter.',
          default: '1s',
          minimum: '1ms',
        }),
        max: duration({ description: 'Maximum backoff.', default: '60s', minimum: '1ms' }),
        max_age: duration({
          description:
            'A batch that still fails after this time becomes dead letters. After a restart it is retried for at least 15 minutes (or this time, if that is less). Changes of the system clock do not expire it.',
          default: '7d',
          minimum: '1s',
        }),
      },
      'Retries after a temporary failure.',
    ),
    breaker: optionalSection(
      {
        failures: count(
          'Consecutive failures that open the circuit breaker: deliveries pause until a probe succeeds.',
          {
            default: 5,
          },
        ),
        initial: duration({
          description: 'How long the circuit breaker stays open at first; doubles after each failed probe.',
          default: '5s',
          minimum: '1ms',
        }),
        max: duration({
          description: 'Maximum time that the circuit breaker stays open before the next probe.',
          default: '60s',
          minimum: '1ms',
        }),
      },
      'Circuit breaker: pauses deliveries to a failing destination.',
      { advanced: true },
    ),
    timeout: duration({ description: 'Time limit of one delivery attempt.', default: '30s', minimum: '1ms' }),
    concurrency: count('Maximum number of batches delivered at the same time.', {
      default: 4,
      maximum: 1024,
      falcosidekick: ['maxconcurrentrequests'],
    }),
    rate_limit: Type.Optional(count('Maximum events per second.', { examples: [1000] })),
    max_lag: optionalSection(
      {
        events: Type.Optional(count('Maximum number of pending events.', { examples: [1000000] })),
        age: Type.Optional(
          duration({
            description: 'Maximum age of a pending event.',
            minimum: '1ms',
            examples: ['1h'],
          }),
        ),
        action: Type.Enum(['wait', 'dead_letter', 'drop_oldest'], {
          description:
            'What happens when a limit is exceeded: `wait` (the journal fills and senders wait), `dead_letter` (the oldest events become dead letters) or `drop_oldest` (the oldest events are lost).',
          default: 'wait',
        }),
      },
      'Limits on the backlog of this output.',
      { advanced: true },
    ),
    on_dead_letter: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The name of an output that receives notices of the dead letters of this output: an event with the rule `Events became dead letters`, at most one per minute, regardless of the conditions of that output. Default: `dead_letters.on_dead_letter`.',
        examples: ['slack'],
      }),
    ),
    max_open_partitions: count(
      'Maximum number of open partitions. When it is exceeded, the oldest batch is closed early.',
      { default: 1024, advanced: true },
    ),
    start: Type.Enum(['now', 'oldest'], {
      description: 'Where a new output starts: with the next event, or with the oldest event in the journal.',
      default: 'now',
    }),
    flush_on_stop: Type.Boolean({
      description:
        'Close and deliver open batches at shutdown. Otherwise they stay in the journal and resume at the next start.',
      default: false,
      advanced: true,
    }),
  },
  'One output. These settings are common to all types; the options of the type are written next to them.',
);

export type OutputSettings = Static<typeof OutputSchema>;

/** The names that the type of an output cannot use for its options. */
export const COMMON_SETTINGS: readonly string[] = Object.keys(OutputSchema.properties);

/** Valid names of outputs: they name directories, metrics and cursors. */
export const OUTPUT_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
