import type { Static, TProperties } from 'typebox';
import { Type } from '../plugins/type.ts';
import { duration, secret, size } from './scalars.ts';

/** An object without room for unknown keys. */
function section<P extends TProperties>(properties: P, description: string) {
  return Type.Object(properties, { additionalProperties: false, description });
}

/** A section that need not be written down: all it holds has defaults. */
function optionalSection<P extends TProperties>(properties: P, description: string) {
  return Type.Object(properties, { additionalProperties: false, description, default: {} });
}

function address(description: string, options: { default?: string; examples?: string[] }) {
  return Type.String({ format: 'address', description, ...options });
}

function count(description: string, options: { default?: number; minimum?: number; maximum?: number } = {}) {
  return Type.Integer({ minimum: 1, description, ...options });
}

export const ServerSchema = optionalSection(
  {
    listen: address('Where events come in: address and port. An empty address means all.', {
      default: '0.0.0.0:2801',
    }),
    admin_listen: Type.Optional(
      address(
        'A second address for health, metrics and administration; without it they are served at `listen`.',
        {
          examples: ['127.0.0.1:2802'],
        },
      ),
    ),
    max_body: size({
      description: 'The largest body of a request, after decompression; beyond it the answer is 413.',
      default: '16MiB',
    }),
    max_wait: duration({
      description: 'How long `POST /` may wait for room in the journal before it answers 503.',
      default: '30s',
    }),
    tls: Type.Optional(
      section(
        {
          cert: Type.String({
            description: 'PEM file of the certificate chain, relative to the configuration file.',
          }),
          key: Type.String({ description: 'PEM file of the private key.' }),
          client_ca: Type.Optional(
            Type.String({
              description: 'PEM file of the authorities whose client certificates are demanded.',
            }),
          ),
        },
        'Serve HTTPS.',
      ),
    ),
    auth: Type.Optional(
      section(
        {
          bearer_token: Type.Optional(secret({ description: 'Demanded as `Authorization: Bearer …`.' })),
          basic: Type.Optional(
            section(
              {
                username: Type.String({ description: 'The user name demanded.' }),
                password: secret({ description: 'The password demanded.' }),
              },
              'HTTP basic authentication.',
            ),
          ),
        },
        'What a sender must present; either one suffices when both are set.',
      ),
    ),
  },
  'The HTTP side: where Falco sends its alerts.',
);

export const JournalSchema = optionalSection(
  {
    type: Type.Enum(['disk', 'memory'], {
      description: '`disk` keeps events over restarts; `memory` is for tries and loses them.',
      default: 'disk',
    }),
    path: Type.String({
      minLength: 1,
      description:
        'The folder of the journal and everything else that is kept, relative to the configuration file.',
      default: './data',
    }),
    max_size: size({
      description: 'The most the journal may take; when it is full, senders wait.',
      default: '4GiB',
    }),
    segment_size: size({
      description: 'Size of one segment file; space is given back in such pieces.',
      default: '64MiB',
    }),
    durability: Type.Unsafe<'sync' | number>({
      type: 'string',
      format: 'durability',
      description:
        '`sync`: an event is on stable storage before it is answered. A duration: it is written at once and made durable that often, so a power cut may take what came in since.',
      default: 'sync',
      examples: ['sync', '100ms'],
    }),
  },
  'The durable log of accepted events.',
);

export const DeadLettersSchema = optionalSection(
  {
    max_size: size({
      description:
        'The most that dead letters of all outputs may take; beyond it outputs wait instead of rejecting.',
      default: '1GiB',
    }),
  },
  'Events that an output rejected for good; kept under `journal.path`.',
);

export const EnrichSchema = optionalSection(
  {
    custom_fields: Type.Record(Type.String(), Type.String(), {
      description: 'Fields added to `output_fields` of every event; they win over the event’s own.',
      default: {},
    }),
    custom_tags: Type.Array(Type.String(), {
      description: 'Tags added to every event, each once.',
      default: [],
    }),
    templated_fields: Type.Record(Type.String(), Type.String(), {
      description: 'Liquid templates over the event, rendered into `output_fields`.',
      default: {},
      examples: [{ where: "{{ hostname }}/{{ fields['proc.name'] }}" }],
    }),
  },
  'What is added to every event.',
);

export const LogSchema = optionalSection(
  {
    level: Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
      description: 'The least important messages that are written.',
      default: 'info',
    }),
    format: Type.Enum(['auto', 'pretty', 'json'], {
      description: '`auto` is readable on a terminal and JSON elsewhere.',
      default: 'auto',
    }),
  },
  'The program’s own log.',
);

export const PluginsSchema = optionalSection(
  {
    allow: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'The packages and paths, as they stand under `type`, whose code may be loaded; `*` stands for any text. Absent: any. Built-ins always may.',
        examples: [['@acme/*', './outputs/tickets.js']],
      }),
    ),
  },
  'Outputs and mappers that are not built in.',
);

export const ShutdownSchema = optionalSection(
  {
    deadline: duration({
      description:
        'How long a stop may take to finish what is under way. What is not finished resumes at the next start.',
      default: '25s',
    }),
  },
  'How the program stops.',
);

const names = (description: string) => Type.Optional(Type.Array(Type.String(), { description, minItems: 1 }));

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
      }),
    ),
    match: Type.Optional(
      section(
        {
          rules: names('Names of rules.'),
          sources: names('Event sources: `syscall`, `k8s_audit` …'),
          tags: names('Tags; one of the event’s must match.'),
          hostnames: names('Host names.'),
          namespaces: names('Kubernetes namespaces.'),
          priorities: Type.Optional(
            Type.Array(Type.String({ format: 'priority' }), {
              minItems: 1,
              description: 'Exactly these priorities.',
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
            { description: 'A mapper with options beside its `type`.' },
          ),
        ],
        { description: 'How events become records: the name of a mapper, or `{type: …}` with its options.' },
      ),
    ),
    batch: optionalSection(
      {
        events: Type.Optional(count('Close a batch at this many events.')),
        size: Type.Optional(size({ description: 'Close a batch at this size.' })),
        every: Type.Optional(duration({ description: 'Close a batch at this age.' })),
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
        }),
        max: duration({ description: 'The longest backoff.', default: '60s' }),
        max_age: duration({
          description: 'A batch that still fails this long after it was closed becomes dead letters.',
          default: '7d',
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
        }),
        max: duration({ description: 'The longest it stays open before the next probe.', default: '60s' }),
      },
      'When to leave a failing destination alone.',
    ),
    timeout: duration({ description: 'How long one attempt may take.', default: '30s' }),
    concurrency: count('Batches under way at once.', { default: 4, maximum: 1024 }),
    rate_limit: Type.Optional(count('The most events in a second.')),
    max_lag: optionalSection(
      {
        events: Type.Optional(count('The most events that may be pending.')),
        age: Type.Optional(duration({ description: 'The oldest that a pending event may be.' })),
        action: Type.Enum(['wait', 'dead_letter', 'drop_oldest'], {
          description:
            'What happens beyond it: `wait` (the journal fills and senders wait), `dead_letter` (set aside with their bytes) or `drop_oldest`, the one way to lose events.',
          default: 'wait',
        }),
      },
      'How far this output may lag behind.',
    ),
    max_open_partitions: count(
      'Partitions that may be open at once; beyond it the oldest batch is closed early.',
      { default: 1024 },
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
    }),
  },
  'One output: the settings here are common to all types, the options of the type stand beside them.',
);

/** A test of the configuration, run by `tiercel test`. */
export const TestSchema = section(
  {
    name: Type.String({ minLength: 1, description: 'What the test holds.' }),
    event: Type.Record(Type.String(), Type.Unknown(), {
      description: 'An event as Falco sends it; what is left out is filled in.',
    }),
    expect: section(
      {
        outputs: names('Outputs that want the event.'),
        not_outputs: names('Outputs that do not.'),
        records: Type.Optional(
          Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
            description: 'For an output by its name: a part of the record it is given.',
          }),
        ),
      },
      'What must come of it.',
    ),
  },
  'An event and where it must go.',
);

/** The whole configuration but for the options of each output's type. */
export const ConfigSchema = section(
  {
    server: ServerSchema,
    journal: JournalSchema,
    dead_letters: DeadLettersSchema,
    enrich: EnrichSchema,
    log: LogSchema,
    plugins: PluginsSchema,
    shutdown: ShutdownSchema,
    outputs: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
      description: 'The outputs by name.',
      default: {},
    }),
    tests: Type.Array(TestSchema, {
      description: 'Tests of this configuration, run by `tiercel test`.',
      default: [],
    }),
  },
  'The configuration of Tiercel.',
);

export type ServerConfig = Static<typeof ServerSchema>;
export type JournalConfig = Static<typeof JournalSchema>;
export type OutputSettings = Static<typeof OutputSchema>;
export type ConfigTest = Static<typeof TestSchema>;
export type ConfigSections = Static<typeof ConfigSchema>;

/** The names that the type of an output cannot use for its options. */
export const COMMON_SETTINGS: readonly string[] = Object.keys(OutputSchema.properties);

/** What an output may be called: it names folders, metrics and cursors. */
export const OUTPUT_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/;
