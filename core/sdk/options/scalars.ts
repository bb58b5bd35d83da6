import type { Static, TSchema } from 'typebox';
import type { Priority } from '../../event/priority.ts';
import type { FalcosidekickKey } from './falcosidekick.ts';
import { Type } from './type.ts';

/** What any option may say about itself, whatever its type: `Type.String({ description: '…', advanced: true })`. */
export interface OptionMarks {
  /** Rarely needed: shown apart from the others, with all that is in it. An option that must be given cannot be. */
  readonly advanced?: boolean;
  /**
   * Taken, but going to be removed: the description says what to use instead. `validate`, `doctor` and the start warn of each
   * one that is set.
   */
  readonly deprecated?: boolean;
}

interface ScalarOptions extends OptionMarks {
  readonly description: string;
  /** In YAML spelling: `5m`, `256MiB`. */
  readonly default?: string;
  readonly examples?: readonly string[];
  /** The least and the most that are taken, spelt like the default. */
  readonly minimum?: string;
  readonly maximum?: string;
  /** The keys of Falcosidekick that this option replaces. The error for such a key names this option. */
  readonly falcosidekick?: readonly FalcosidekickKey[];
}

/**
 * An option that is a span of time: `500ms`, `30s`, `5m`, `24h`, `7d` in YAML, a number of milliseconds in code.
 *
 * @example
 * const options = Type.Object({
 *   wait: duration({ description: 'How long a session may be idle.', default: '30s', minimum: '1s' }),
 * });
 * type Options = Static<typeof options>; // { wait: number }: milliseconds
 */
export function duration(options: ScalarOptions) {
  return scalar('duration', options);
}

/**
 * An option that is an amount of data: `512B`, `64KiB`, `256MiB`, `4GiB` (1024) or `10MB` (1000) in YAML, a number
 * of bytes in code.
 *
 * @example
 * const options = Type.Object({
 *   part: size({ description: 'The size of a part.', default: '8MiB', maximum: '64MiB' }),
 * });
 * type Options = Static<typeof options>; // { part: number }: bytes
 */
export function size(options: ScalarOptions) {
  return scalar('size', options);
}

function scalar(format: string, { minimum, maximum, ...options }: ScalarOptions) {
  return Type.Unsafe<number>({
    type: 'string',
    format,
    ...(minimum !== undefined && { formatMinimum: minimum }),
    ...(maximum !== undefined && { formatMaximum: maximum }),
    ...options,
  });
}

/**
 * An option that is a priority: `warning` or `info` in YAML, Falco's spelling in code.
 *
 * @example
 * const options = Type.Object({
 *   page_from: priority({ description: 'The least urgent priority that calls somebody.', default: 'critical' }),
 * });
 * const isUrgent = (given: Static<typeof options>) => priorityRank(event.priority) <= priorityRank(given.page_from);
 */
export function priority(options: Omit<ScalarOptions, 'minimum' | 'maximum'>) {
  return Type.Unsafe<Priority>({ type: 'string', format: 'priority', ...options });
}

/**
 * An option that says something about priorities, those that are named in it: a mapping whose keys are priorities.
 *
 * @param value what is said of each
 * @example
 * const colors = byPriority(Type.String(), { description: 'Colour of a message by its priority.' });
 * const options = Type.Object({ colors: Type.Optional(colors) });
 * const colorOf = (given: Static<typeof options>) => given.colors?.[event.priority] ?? 'grey';
 */
export function byPriority<T extends TSchema>(
  value: T,
  options: OptionMarks & {
    readonly description: string;
    readonly examples?: readonly Readonly<Record<string, unknown>>[];
    readonly falcosidekick?: readonly FalcosidekickKey[];
  },
) {
  return Type.Unsafe<{ readonly [P in Priority]?: Static<T> }>({
    type: 'object',
    propertyNames: { type: 'string', format: 'priority' },
    patternProperties: { '^.*$': value },
    ...options,
  });
}

/**
 * An option that is a Liquid template over an event; hand its value to `textTemplate`.
 *
 * @example
 * const options = Type.Object({
 *   title: template({ description: 'The title of a ticket.', default: '{{ rule }} on {{ hostname }}' }),
 * });
 * const titleOf = (given: Static<typeof options>) => textTemplate('title', given.title, log)(event);
 */
export function template(options: Omit<ScalarOptions, 'minimum' | 'maximum'>) {
  return Type.String({ format: 'template', ...options });
}

/**
 * An option that is names and a Liquid template for each, such as labels; hand its value to `eventLabels`. Default: none.
 *
 * @param options `names` is the pattern of the names that the destination takes
 * @example attributes: templates({ names: '^[a-z_]+$', description: 'Attributes of a message.' })
 */
export function templates({
  names,
  ...options
}: OptionMarks & {
  readonly names: string;
  readonly description: string;
  readonly examples?: readonly Readonly<Record<string, string>>[];
  readonly falcosidekick?: readonly FalcosidekickKey[];
}) {
  return Type.Record(Type.String(), template({ description: 'A Liquid template over the event.' }), {
    propertyNames: { type: 'string', pattern: names },
    default: {},
    ...options,
  });
}

/**
 * A text that never appears in logs, errors, `print-config` or the admin endpoints.
 *
 * @example
 * const options = Type.Object({
 *   token: secret({ description: 'The token of the project.', minLength: 20 }),
 * });
 */
export function secret(
  options: OptionMarks & {
    readonly description: string;
    readonly examples?: readonly string[];
    readonly falcosidekick?: readonly FalcosidekickKey[];
    readonly needs?: readonly string[];
    readonly excludes?: readonly string[];
    readonly minLength?: number;
  },
) {
  return Type.String({ secret: true, ...options });
}
