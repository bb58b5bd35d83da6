import type { Static } from 'typebox';
import { duration, size, template } from '../../sdk/options/scalars.ts';
import { Type } from '../../sdk/options/type.ts';
import { names, optionalSection, section } from './builders.ts';
import { ServerSchema } from './server.ts';

export const JournalSchema = optionalSection(
  {
    type: Type.Enum(['disk', 'memory'], {
      description:
        '`disk` keeps events across restarts. `memory` is for testing; events do not survive a restart.',
      default: 'disk',
    }),
    path: Type.String({
      minLength: 1,
      format: 'path',
      description:
        'The directory of the journal, the cursors and the dead letters, relative to the configuration file.',
      default: './data',
    }),
    max_size: size({
      description: 'Maximum size of the journal. When it is full, senders wait.',
      default: '4GiB',
      minimum: '1MiB',
    }),
    segment_size: size({
      description: 'Size of one segment file. Space is freed one segment at a time.',
      default: '64MiB',
      minimum: '64KiB',
    }),
    durability: Type.Unsafe<'sync' | number>({
      type: 'string',
      format: 'durability',
      description:
        '`sync`: a request is answered when its events are on stable storage. A duration: events are written immediately and synced at this interval; a power failure can lose the events since the last sync.',
      formatMinimum: '1ms',
      default: 'sync',
      examples: ['sync', '100ms'],
    }),
    group_access: Type.Boolean({
      description:
        'Gives the group read and write access to files created below `path`: files are 0660 and directories 2770, for a volume that pods share by `fsGroup`. Otherwise 0600 and 0700. The permissions of existing files are never widened.',
      default: false,
    }),
  },
  'The durable log of accepted events.',
);

export const DeadLettersSchema = optionalSection(
  {
    max_size: size({
      description:
        'Maximum size of the dead letters of all outputs. When it is reached, outputs wait instead of rejecting events.',
      default: '1GiB',
      minimum: '1MiB',
    }),
    on_dead_letter: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The name of an output that receives notices of the dead letters of all other outputs. `on_dead_letter` of an output overrides it for that output.',
        examples: ['slack'],
      }),
    ),
  },
  'Events that an output permanently rejected, stored under `journal.path`.',
);

export const EnrichSchema = optionalSection(
  {
    custom_fields: Type.Record(Type.String(), Type.String(), {
      description: 'Fields added to `output_fields` of every event. They replace fields of the same name.',
      examples: [{ cluster: 'production' }],
      falcosidekick: ['customfields'],
      default: {},
    }),
    custom_tags: Type.Array(Type.String(), {
      description: 'Tags added to every event, without duplicates.',
      examples: [['production']],
      falcosidekick: ['customtags'],
      default: [],
    }),
    templated_fields: Type.Record(Type.String(), template({ description: 'The template of a field.' }), {
      description: 'Liquid templates over the event; the results are added to `output_fields`.',
      falcosidekick: ['templatedfields'],
      default: {},
      examples: [{ where: "{{ hostname }}/{{ fields['proc.name'] }}" }],
    }),
  },
  'Fields and tags added to every event.',
);

export const LogSchema = optionalSection(
  {
    level: Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
      description: 'Minimum level of the messages that are logged.',
      falcosidekick: ['debug'],
      default: 'info',
    }),
    format: Type.Enum(['auto', 'pretty', 'json'], {
      description: '`auto` is human-readable on a terminal and JSON otherwise.',
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
          'Packages and paths that may be loaded, written as under `type`; `*` matches any text. Default: all. Built-ins are always allowed.',
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
        'Time limit for finishing deliveries in progress at shutdown. Unfinished deliveries resume at the next start.',
      default: '25s',
    }),
  },
  'Shutdown.',
);

/** A test of the configuration, run by `tiercel test`. */
export const TestSchema = section(
  {
    name: Type.String({ minLength: 1, description: 'Name of the test.' }),
    event: Type.Record(Type.String(), Type.Unknown(), {
      description: 'An event as Falco sends it; missing parts are filled in.',
    }),
    expect: section(
      {
        outputs: names('Outputs that the event is routed to.', ['archive']),
        not_outputs: names('Outputs that the event is not routed to.', ['oncall']),
        records: Type.Optional(
          Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
            description: 'By output name: a part of the record that the output receives.',
          }),
        ),
      },
      'The expected result.',
    ),
  },
  'An event and its expected outputs.',
);

/** The whole configuration except the options of the output types. */
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
