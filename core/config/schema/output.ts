import type { Static } from 'typebox';
import { duration, size } from '../../sdk/options/scalars.ts';
import { Type } from '../../sdk/options/type.ts';
import { count, names, optionalSection, section } from './builders.ts';

/** What every output may set, whatever its type; an option of a type must not have one of these names. */
export const OutputSchema = section(
  {
    type: Type.String({
      minLength: 1,
      description:
        'A built-in, the name of a package, or a path (`./outputs/tickets.js`) relative to the configuration file.',
    }),
    enabled: Type.Boolean({
      description: 'A disabled output keeps its place in the journal but is given nothing.',
      default: true,
    }),
    minimum_priority: Type.Optional(
      Type.String({
        format: 'priority',
        description: 'The least urgent priority this output wants; without it, all.',
        examples: ['warning'],
        falcosidekick: ['minimumpriority'],
      }),
    ),
    match: Type.Optional(
      section(
        {
          rules: names('Names of rules.', ['Terminal *', '!*test*']),
          sources: names('Event sources: `syscall`, `k8s_audit` …', ['syscall']),
          tags: names('Tags; one of the event’s must match.', ['container', 'mitre_*']),
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
        'What an event must be like; all that is given must hold. Globs: `*` and `?`; `!` in front excludes.',
      ),
    ),
    when: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'A condition in CEL that must hold as well.',
        examples: ['priority >= "warning" && fields["k8s.ns.name"] != "kube-system"'],
      }),
    ),
    mapper: Type.Optional(
      Type.Union(
        [
          Type.String({ minLength: 1 }),
          Type.Object(
            { type: Type.String({ minLength: 1, description: 'A built-in, a package or a path.' }) },
            { additionalProperties: true, description: 'A mapper with options beside its `type`.' },
          ),
        ],
        {
          description: 'How events become records: the name of a mapper, or `{type: …}` with its options.',
          examples: ['ocsf'],
        },
      ),
    ),
    batch: optionalSection(
      {
        events: Type.Optional(count('Close a batch at this many events.', { examples: [100] })),
        size: Type.Optional(
          size({ description: 'Close a batch at this size.', minimum: '1B', examples: ['1MiB'] }),
        ),
        every: Type.Optional(
          duration({ description: 'Close a batch at this age.', minimum: '1ms', examples: ['5s'] }),
        ),
        cron: Type.Optional(
          Type.String({
            format: 'cron',
            description: 'Close all open batches at these times, in UTC.',
            examples: ['0 6 * * *'],
          }),
        ),
      },
      'When a batch is closed: whichever comes first. What is left out is as the type says.',
    ),
    retry: optionalSection(
      {
        initial: duration({
          description: 'The first backoff; it doubles from there, and chance takes a part of it.',
          default: '1s',
          minimum: '1ms',
        }),
        max: duration({ description: 'The longest backoff.', default: '60s', minimum: '1ms' }),
        max_age: duration({
          description:
            'A batch that still fails this long after it was closed becomes dead letters. After a start it is tried for at least 15 minutes (or this long, if that is less), and setting the clock never expires it.',
          default: '7d',
          minimum: '1s',
        }),
      },
      'What happens after a failure that may pass.',
    ),
    breaker: optionalSection(
      {
        failures: count('Failures in a row that open the breaker: no attempt until a probe succeeds.', {
          default: 5,
        }),
        initial: duration({
          description: 'How long it stays open at first; it doubles from there.',
          default: '5s',
          minimum: '1ms',
        }),
        max: duration({
          description: 'The longest it stays open before the next probe.',
          default: '60s',
          minimum: '1ms',
        }),
      },
      'When to leave a failing destination alone.',
      { advanced: true },
    ),
    timeout: duration({ description: 'How long one attempt may take.', default: '30s', minimum: '1ms' }),
    concurrency: count('Batches under way at once.', {
      default: 4,
      maximum: 1024,
      falcosidekick: ['maxconcurrentrequests'],
    }),
    rate_limit: Type.Optional(count('The most events in a second.', { examples: [1000] })),
    max_lag: optionalSection(
      {
        events: Type.Optional(count('The most events that may be pending.', { examples: [1000000] })),
        age: Type.Optional(
          duration({
            description: 'The oldest that a pending event may be.',
            minimum: '1ms',
            examples: ['1h'],
          }),
        ),
        action: Type.Enum(['wait', 'dead_letter', 'drop_oldest'], {
          description:
            'What happens beyond it: `wait` (the journal fills and senders wait), `dead_letter` (set aside with their bytes) or `drop_oldest`, the one way to lose events.',
          default: 'wait',
        }),
      },
      'How far this output may lag behind.',
      { advanced: true },
    ),
    on_dead_letter: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The name of an output that is told of the dead letters of this one: an event with the rule `Events became dead letters`, at most one a minute, whatever conditions that output has. Without it, `dead_letters.on_dead_letter`.',
        examples: ['slack'],
      }),
    ),
    max_open_partitions: count(
      'Partitions that may be open at once; beyond it the oldest batch is closed early.',
      { default: 1024, advanced: true },
    ),
    start: Type.Enum(['now', 'oldest'], {
      description:
        'Where an output that is new in the configuration starts: with the next event, or with the oldest one kept.',
      default: 'now',
    }),
    flush_on_stop: Type.Boolean({
      description:
        'Close and deliver open batches when the program stops; else they stay in the journal and resume.',
      default: false,
      advanced: true,
    }),
  },
  'One output: the settings here are common to all types, the options of the type stand beside them.',
);

export type OutputSettings = Static<typeof OutputSchema>;

/** The names that the type of an output cannot use for its options. */
export const COMMON_SETTINGS: readonly string[] = Object.keys(OutputSchema.properties);

/** What an output may be called: it names folders, metrics and cursors. */
export const OUTPUT_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
