import type { Static } from 'typebox';
import { duration, size, template } from '../../sdk/options/scalars.ts';
import { Type } from '../../sdk/options/type.ts';
import { names, optionalSection, section } from './builders.ts';
import { ServerSchema } from './server.ts';

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
      minimum: '1MiB',
    }),
    segment_size: size({
      description: 'Size of one segment file; space is given back in such pieces.',
      default: '64MiB',
      minimum: '64KiB',
    }),
    durability: Type.Unsafe<'sync' | number>({
      type: 'string',
      format: 'durability',
      description:
        '`sync`: an event is on stable storage before it is answered. A duration: it is written at once and made durable that often, so a power cut may take what came in since.',
      formatMinimum: '1ms',
      default: 'sync',
      examples: ['sync', '100ms'],
    }),
    group_access: Type.Boolean({
      description:
        'The group may read and write what is created below `path`: files are 0660 and directories 2770, for a volume that pods share by `fsGroup`. Otherwise 0600 and 0700. Existing entries are never widened.',
      default: false,
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
      minimum: '1MiB',
    }),
    on_dead_letter: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The name of an output that is told of the dead letters of all others. `on_dead_letter` of an output names another for that one.',
        examples: ['slack'],
      }),
    ),
  },
  'Events that an output rejected for good; kept under `journal.path`.',
);

export const EnrichSchema = optionalSection(
  {
    custom_fields: Type.Record(Type.String(), Type.String(), {
      description: 'Fields added to `output_fields` of every event; they win over the event’s own.',
      examples: [{ cluster: 'production' }],
      falcosidekick: ['customfields'],
      default: {},
    }),
    custom_tags: Type.Array(Type.String(), {
      description: 'Tags added to every event, each once.',
      examples: [['production']],
      falcosidekick: ['customtags'],
      default: [],
    }),
    templated_fields: Type.Record(Type.String(), template({ description: 'The template of a field.' }), {
      description: 'Liquid templates over the event, rendered into `output_fields`.',
      falcosidekick: ['templatedfields'],
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
      falcosidekick: ['debug'],
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

/** A test of the configuration, run by `tiercel test`. */
export const TestSchema = section(
  {
    name: Type.String({ minLength: 1, description: 'What the test holds.' }),
    event: Type.Record(Type.String(), Type.Unknown(), {
      description: 'An event as Falco sends it; what is left out is filled in.',
    }),
    expect: section(
      {
        outputs: names('Outputs that want the event.', ['archive']),
        not_outputs: names('Outputs that do not.', ['oncall']),
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

export type LogSettings = Static<typeof LogSchema>;
export type JournalConfig = Static<typeof JournalSchema>;
export type ConfigSections = Static<typeof ConfigSchema>;
export type ConfigTest = Static<typeof TestSchema>;
