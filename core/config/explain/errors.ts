import { type Place, placeOf, type Span } from './source.ts';

/** The codes of all configuration errors with their explanations; `docs/errors.md` is generated from them. */
export const ERROR_CODES = {
  TIERCEL_CFG_FILE:
    'A configuration file could not be read: the file given with `-c`, or one named under `include:`. Paths under `include:` are relative to the directory of the file that names them. A pattern with `*` may match nothing; a plain name must exist.',
  TIERCEL_CFG_SYNTAX:
    'The text is not valid YAML. The position is where the parser failed; the cause is there or on the line before: a missing quote or bracket, a tab as indentation, inconsistent indentation, or a value that contains a colon followed by a space, which must be quoted.',
  TIERCEL_CFG_DUPLICATE_KEY:
    'A mapping has the same key twice. YAML parsers disagree on which one wins, so this is an error: remove one.',
  TIERCEL_CFG_CONFLICT:
    'Two files set the same key. Included files add to the configuration and never override each other, so their order has no meaning; only the environment and `--set` override.',
  TIERCEL_CFG_INCLUDE: 'An entry under `include:` is not a path, or the includes are circular.',
  TIERCEL_CFG_INTERPOLATION: `A \`\${…}\` could not be resolved: the environment variable is not set and has no default (\`\${env:NAME:-default}\`), the file of a \`\${file:…}\` cannot be read, or the form is unknown. Write \`$\${\` for a literal \`\${\`.`,
  TIERCEL_CFG_OVERRIDE:
    'An override does not have the form `--set path.to.key=value`, or its path goes through a value that is not a mapping.',
  TIERCEL_CFG_UNKNOWN_OPTION:
    'The key is not a known option. Unknown keys are errors, because a misspelt option that is silently ignored can lose events. The same applies to environment variables that begin with `TIERCEL_`.',
  TIERCEL_CFG_MISSING_OPTION: 'A required option is missing or is empty.',
  TIERCEL_CFG_TOGETHER:
    'An option requires another one, as a certificate requires its key, or cannot be combined with another one, as two kinds of authentication. Credentials in a URL count as well.',
  TIERCEL_CFG_TYPE:
    'The value has the wrong type: a string instead of a number, a single value instead of a list. Strings that look like numbers or booleans (account ids, `yes`) must be quoted.',
  TIERCEL_CFG_VALUE:
    'The value has the right type but is not allowed; the message lists what is allowed. As a warning: the value is valid but probably a mistake, such as an unknown AWS region.',
  TIERCEL_CFG_DURATION:
    'The value is not a duration. Durations are numbers with units: `500ms`, `30s`, `5m`, `24h`, `7d`, `1h30m`. A number without a unit is an error, because it could mean seconds or milliseconds.',
  TIERCEL_CFG_SIZE:
    'The value is not a size. Sizes are numbers with a unit: `512B`, `64KiB`, `256MiB` and `4GiB` are powers of 1024, `10MB` is a power of 1000.',
  TIERCEL_CFG_CRON:
    'The value is not a cron expression of five fields (minute, hour, day of month, month, day of week; UTC), or it never fires, as on February 30.',
  TIERCEL_CFG_PRIORITY:
    'The value is not a Falco priority: emergency, alert, critical, error, warning, notice, informational (or info), debug. A typo is an error and never means "everything".',
  TIERCEL_CFG_NO_OUTPUTS:
    'No output is configured, or all outputs are disabled: events would be accepted and never delivered.',
  TIERCEL_CFG_DUPLICATE_OUTPUT:
    'Two outputs have the same name. Names are not case-sensitive. The name identifies the cursor, the dead letters and the metrics, so it must be unique across all files.',
  TIERCEL_CFG_UNKNOWN_OUTPUT: 'A name refers to an output that does not exist.',
  TIERCEL_CFG_UNKNOWN_TYPE:
    '`type` is not a built-in type, not a package that is installed in the directory of the configuration file or above it, and not a path that exists.',
  TIERCEL_CFG_PLUGIN_NOT_ALLOWED:
    '`plugins.allow` lists the packages and paths whose code may be loaded, and this one is not in the list. Built-ins are always allowed.',
  TIERCEL_CFG_PLUGIN_LOAD:
    'The module of the plugin was found but could not be loaded: it throws, it is not valid JavaScript, an import is missing, or it is TypeScript and the runtime supports JavaScript only (Node before 22.18; no Node version supports TypeScript inside node_modules).',
  TIERCEL_CFG_PLUGIN_INVALID:
    'The module was loaded but its default export is not a definition this version understands: wrong `apiVersion`, a `type` that is not snake_case or belongs to a built-in, options that are not closed or not described, an optional option with a default, or a batch that no setting can fill.',
  TIERCEL_CFG_FIXED_MAPPER: 'This type of output always uses the same mapper, so `mapper` cannot be set.',
  TIERCEL_CFG_MAPPER:
    'The output cannot write the records of this mapper. A lake writes the same columns in every file, so the mapper must declare the schema of its records (`record`), a closed object whose properties have one type each; the message names each property and what to write. `ocsf` and `ecs` are such mappers.',
  TIERCEL_CFG_ROUTE:
    'A condition under `match` is unknown, matches no event, or contradicts another condition, so that no event can reach the output.',
  TIERCEL_CFG_WHEN:
    'The expression under `when` is not valid CEL, uses an unknown name, or does not evaluate to true or false. The column is the position in the expression. As a warning: a field is probably misspelt, or may be missing. An expression that fails for an event, such as `fields["evt.num"] > 5` for an event without that field, delivers the event; check the field first: `fields["evt.num"] != null && fields["evt.num"] > 5`.',
  TIERCEL_CFG_TEMPLATE: 'The template is not valid Liquid.',
  TIERCEL_CFG_LIMITS:
    'Two settings contradict each other: a batch or segment larger than the journal, an initial backoff longer than the maximum, the same address for two listeners.',
  TIERCEL_CFG_EXPOSED:
    '`server.admin_listen` is not a loopback address, so other machines can reach the operations (dead letters, journal, tap), and no credentials are required. Set `server.admin_auth`, `server.auth` or `server.tls.client_ca`, or listen on `127.0.0.1`.',
  TIERCEL_CFG_DEPRECATED:
    'A warning: the option still works and will be removed. Its description names the replacement.',
  TIERCEL_CFG_CLAIM:
    'Two outputs write to the same place and would overwrite or mix each other’s data, or an output writes into the directory of the journal. Give each output its own path, directory, prefix or topic.',
} as const;

/** The code of a configuration error; stable over releases. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The path to a value: `['outputs', 'lake', 'region']`. */
export type Path = readonly (string | number)[];

/** An error found by a check. It becomes a {@link ConfigError} when all checks are done. */
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
  const ranks = new Map(sources.map((source, rank) => [source, rank]));
  const order = (fault: Fault) => ranks.get(fault.span?.source)!;
  const seen = new Set<string>();
  return [...faults]
    .sort((a, b) => order(a) - order(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0))
    .map(({ span, other, path, ...rest }) => ({
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
