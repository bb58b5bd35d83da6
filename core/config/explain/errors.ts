import { type Place, placeOf, type Span } from './source.ts';

/** The codes of all configuration errors with their explanations; `docs/errors.md` is generated from them. */
export const ERROR_CODES = {
  TIERCEL_CFG_FILE:
    'A file that the configuration is made of could not be read: the file given with `-c`, or one named under `include:`. Paths under `include:` start from the folder of the file that names them. A pattern with `*` may match nothing; a plain name must exist.',
  TIERCEL_CFG_SYNTAX:
    'The text is not YAML. The position is where the reader gave up; the cause is there or on the line before: a missing quote or bracket, a tab as indentation, a line indented differently from its neighbours, or a value with a colon followed by a space, which needs quotes.',
  TIERCEL_CFG_DUPLICATE_KEY:
    'A key stands twice in one mapping. YAML readers disagree on which one wins, so neither does: remove one.',
  TIERCEL_CFG_CONFLICT:
    'Two files set the same key to something. Included files add to the configuration and never override each other, so that their order means nothing; only the environment and `--set` override.',
  TIERCEL_CFG_INCLUDE:
    'The entry under `include:` is not a path, or a file includes itself by way of others.',
  TIERCEL_CFG_INTERPOLATION: `A \`\${…}\` could not be filled in: the environment variable is not set and has no default (\`\${env:NAME:-default}\`), the file of a \`\${file:…}\` cannot be read, or the form is unknown. Write \`$\${\` for a literal \`\${\`.`,
  TIERCEL_CFG_OVERRIDE:
    'An override is not of the form `--set path.to.key=value`, or its path leads through something that is not a mapping.',
  TIERCEL_CFG_UNKNOWN_OPTION:
    'The key is not an option here. Unknown keys are errors, because a misspelt option that is silently ignored loses events. Environment variables that begin with `TIERCEL_` are held to the same rule.',
  TIERCEL_CFG_MISSING_OPTION: 'An option without a default was left out, or stands there without a value.',
  TIERCEL_CFG_TOGETHER:
    'Two options of one section need each other, a certificate and its key for example, or exclude each other, as two ways of authentication do.',
  TIERCEL_CFG_TYPE:
    'The value is of another kind than the option wants: a text for a number, one value for a list. Texts that look like numbers or booleans (account ids, `yes`) need quotes.',
  TIERCEL_CFG_VALUE:
    'The value is of the right kind but not one that the option allows; the message says which are.',
  TIERCEL_CFG_DURATION:
    'The value is not a duration. Durations are numbers with units: `500ms`, `30s`, `5m`, `24h`, `7d`, `1h30m`. A bare number is refused, because nobody can tell seconds from milliseconds.',
  TIERCEL_CFG_SIZE:
    'The value is not an amount of data. Sizes are numbers with a unit: `512B`, `64KiB`, `256MiB`, `4GiB` count in 1024, `10MB` in 1000.',
  TIERCEL_CFG_CRON:
    'The value is not a cron expression of five parts (minute, hour, day of month, month, day of week), in UTC; a sixth part in front is for seconds.',
  TIERCEL_CFG_PRIORITY:
    'The word is not one of the priorities of Falco: emergency, alert, critical, error, warning, notice, informational (or info), debug. A typo is an error and never means "everything".',
  TIERCEL_CFG_NO_OUTPUTS:
    'No output is configured, or all of them are disabled: events would be accepted and go nowhere.',
  TIERCEL_CFG_DUPLICATE_OUTPUT:
    'Two outputs have the same name (upper and lower case do not tell them apart). The name is the key of the cursor, the dead letters and the metrics, so it must be unique over all files.',
  TIERCEL_CFG_UNKNOWN_OUTPUT: 'An output is referred to by a name that no output has.',
  TIERCEL_CFG_UNKNOWN_TYPE:
    '`type` is neither the name of a built-in, nor a package that can be found from the folder of the configuration file, nor a path that exists.',
  TIERCEL_CFG_PLUGIN_NOT_ALLOWED:
    '`plugins.allow` lists the packages and paths whose code may be loaded, and this one is not among them. Built-ins are always allowed.',
  TIERCEL_CFG_PLUGIN_LOAD:
    'The module of the plugin was found but could not be loaded: it throws, it is not valid JavaScript, something it imports is missing, or it is TypeScript where the runtime takes JavaScript only (Node before 22.18; no Node takes TypeScript inside node_modules).',
  TIERCEL_CFG_PLUGIN_INVALID:
    'The module was loaded but its default export is not a definition this version understands: wrong `apiVersion`, a `type` that is not snake_case or belongs to a built-in, options that are not closed or not described, an optional option with a default, or a batch that no setting can fill.',
  TIERCEL_CFG_FIXED_MAPPER: 'The records of this type of output are fixed, so its mapper cannot be chosen.',
  TIERCEL_CFG_MAPPER:
    'The output cannot write the records of this mapper. A lake writes the same columns in every file, so the mapper must declare the schema of its records (`record`), a closed object whose properties have one type each; the message names each property and what to write. `ocsf` and `ecs` are such mappers.',
  TIERCEL_CFG_ROUTE:
    'A condition under `match` can match nothing, is unknown, or contradicts another, so that no event can reach the output.',
  TIERCEL_CFG_WHEN:
    'The expression under `when` is not valid CEL, refers to something an event does not have, or is not a yes-or-no question. The column is the place inside the expression.',
  TIERCEL_CFG_TEMPLATE: 'A template is not valid Liquid.',
  TIERCEL_CFG_LIMITS:
    'Two settings that depend on each other contradict: a batch or segment larger than the journal, a first backoff longer than the longest one, the same address for two listeners.',
  TIERCEL_CFG_EXPOSED:
    '`server.admin_listen` is not a loopback address, so other machines may reach the operations (dead letters, journal, tap), and no credentials are demanded there. Set `server.admin_auth`, `server.auth` or `server.tls.client_ca`, or listen on `127.0.0.1`.',
  TIERCEL_CFG_DEPRECATED:
    'A warning: the option still works and is going to be removed. Its description says what to use instead.',
  TIERCEL_CFG_CLAIM:
    'Two outputs would write to the same place and overwrite or mix each other’s objects. Give each its own directory, prefix or key.',
} as const;

/** The code of a configuration error; stable over releases. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The path to a value: `['outputs', 'lake', 'region']`. */
export type Path = readonly (string | number)[];

/** An error as a check finds it. It becomes a {@link ConfigError} when all checks are done. */
export interface Fault {
  readonly code: ErrorCode;
  readonly path: Path;
  /** What is wrong, without the path; never a secret. */
  readonly message: string;
  /** The fix, as a sentence, where the message does not imply it. */
  readonly fix?: string;
  /** The word that was probably meant. */
  readonly suggestion?: string;
  readonly span?: Span;
  /** The second position, when two contradict. */
  readonly other?: Span;
  /** The reference `${…}` is correct, but its variable is not set or its file cannot be read here. */
  readonly isUnset?: true;
}

/** An error (or warning) of the configuration, as plain data that can be written as JSON. */
export interface ConfigError {
  readonly code: ErrorCode;
  /** `outputs.lake.region`; empty for the configuration as a whole. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
  readonly suggestion?: string;
  readonly place?: Place;
  readonly other?: Place;
}

/** Turns faults into errors with positions, in the order of the sources, without duplicates. Call it after all checks: only then is it known which values may be quoted. */
export function toErrors(faults: readonly Fault[]): ConfigError[] {
  const sources = [...new Set(faults.map((fault) => fault.span?.source))].sort(
    (a, b) => Number(b?.isFile ?? true) - Number(a?.isFile ?? true),
  );
  const order = (fault: Fault) => sources.indexOf(fault.span?.source);
  const seen = new Set<string>();
  return [...faults]
    .sort((a, b) => order(a) - order(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0))
    .map(({ span, other, path, isUnset: _, ...rest }) => ({
      ...rest,
      path: path.join('.'),
      ...(span && { place: placeOf(span) }),
      ...(other && { other: placeOf(other) }),
    }))
    .filter((error) => {
      // Through an anchor one line may be wrong at many paths.
      const path = error.place?.line === undefined ? error.path : '';
      const key = JSON.stringify([error.place, path, error.message]);
      return !seen.has(key) && seen.add(key);
    });
}
