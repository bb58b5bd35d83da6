import {
  type TypeError as CelTypeError,
  Environment,
  type EvaluationError,
  type ParseError,
} from '@marcbachmann/cel-js';
import { isDecimal } from '../event/decimal.ts';
import type { Event, FieldValue } from '../event/event.ts';
import { PRIORITIES, type Priority, parsePriority, priorityRank } from '../event/priority.ts';
import { matchesRe2 } from './re2.ts';
import { dottedField, explainCel, type WhenError } from './when-error.ts';
import { type UnguardedField, unguardedFields } from './when-guards.ts';
import {
  type FieldUses,
  type Node,
  namesIn,
  RE2_FUNCTION,
  unknownPriority,
  useRe2,
  usesOfFields,
} from './when-syntax.ts';

/** A compiled `when`. An event is wanted when the evaluation fails, so that no event is lost. */
export type When = (event: Event) => { readonly wanted: boolean; readonly failed?: string };

/** The names an expression may use. */
const VARIABLES: Readonly<Record<string, string>> = {
  priority: 'Priority',
  fields: 'map<string, dyn>',
  tags: 'list<string>',
  source: 'string',
  rule: 'string',
  hostname: 'string',
  output: 'string',
  time: 'google.protobuf.Timestamp',
};

const WANTED = { wanted: true };
const UNWANTED = { wanted: false };

/**
 * Compiles a CEL expression over an event, type-checked: `priority >= "warning"` (Falco's order, any case), `rule`,
 * `source`, `hostname`, `output`, `tags`, `time` (a timestamp) and `fields["k8s.ns.name"]`.
 *
 * A field that the event lacks reads as `null`, so `fields["k8s.ns.name"] == "prod"` is plain false for an event of
 * the host. An expression that looks at the map itself (`"x" in fields`, `has(fields.x)`, `fields.exists(…)`) sees
 * the event's own fields only, and there a missing one is an error unless it was asked for first, as CEL says.
 *
 * `matches()` takes the regular expressions of RE2, as CEL says: an event cannot make one slow.
 *
 * @returns also the names of the variables and fields that it reads, and the uses of fields that fail for some events
 * @example compileWhen('priority >= "warning" && "container" in tags')
 */
export function compileWhen(expression: string):
  | {
      readonly ok: true;
      readonly when: When;
      readonly names: ReadonlySet<string>;
      readonly fields: readonly string[];
      readonly unguarded: readonly UnguardedField[];
    }
  | { readonly ok: false; readonly error: WhenError } {
  const environment = eventEnvironment();
  let evaluate: ReturnType<Environment['parse']>;
  try {
    evaluate = environment.parse(expression);
  } catch (error) {
    return { ok: false, error: describe(expression, error as ParseError) };
  }
  const ast = evaluate.ast as unknown as Node;
  const pattern = useRe2(ast);
  const checked = evaluate.check();
  if (!checked.valid) return { ok: false, error: describe(expression, checked.error as CelTypeError) };
  if (checked.type !== 'bool' && checked.type !== 'dyn') {
    const message = `the expression evaluates to a ${checked.type}, not to true or false`;
    return { ok: false, error: { message, offset: 0, length: expression.length } };
  }
  const dotted = dottedField(ast);
  if (dotted !== undefined) return { ok: false, error: dotted };
  const misspelt = unknownPriority(ast);
  if (misspelt !== undefined) {
    const error = {
      message: `unknown priority "${misspelt.word}"`,
      offset: misspelt.start,
      length: misspelt.end - misspelt.start,
      word: misspelt.word,
      candidates: PRIORITIES,
    };
    return { ok: false, error };
  }
  if (pattern !== undefined) {
    const { reason, start, end } = pattern;
    const message = `the pattern of matches() is not valid: ${reason}`;
    return { ok: false, error: { message, offset: start, length: end - start } };
  }
  const uses = usesOfFields(ast);
  const view = fieldsFor(uses);
  const when: When = (event) => {
    try {
      const value: unknown = evaluate({
        priority: PRIORITY_VALUES.get(event.priority),
        fields: view(event.fields),
        tags: event.tags,
        source: event.source,
        rule: event.rule,
        hostname: event.hostname,
        output: event.output,
        time: new Date(event.time),
      });
      if (typeof value === 'boolean') return value ? WANTED : UNWANTED;
      return { wanted: true, failed: `the expression evaluated to a ${typeof value}, not to true or false` };
    } catch (error) {
      const { summary, message } = error as EvaluationError;
      return { wanted: true, failed: withoutRe2(summary ?? message) };
    }
  };
  return { ok: true, when, names: namesIn(ast), fields: uses.keys, unguarded: unguardedFields(ast) };
}

function describe(expression: string, error: ParseError | CelTypeError): WhenError {
  const start = error.range?.start ?? 0;
  const end = error.range?.end ?? start;
  const summary = withoutRe2(error.summary);
  return explainCel(expression, { summary, start, end }, Object.keys(VARIABLES));
}

/** Restores the name of the function that the user wrote. */
function withoutRe2(message: string): string {
  return message.replace(`.${RE2_FUNCTION}(`, '.matches(');
}

/** A map and not an object: a field may have any name, even `constructor`. */
type View = Map<string, unknown>;

/** The value of `fields` in an expression: only the fields that it names, null if the event lacks one, or all fields. */
export function fieldsFor({
  keys,
  whole,
}: FieldUses): (fields: Readonly<Record<string, FieldValue>>) => View {
  if (whole) return viewOf;
  return (fields) => {
    const view: View = new Map();
    for (const key of keys) view.set(key, plain(fields[key] ?? null));
    return view;
  };
}

function viewOf(members: Readonly<Record<string, FieldValue>>): View {
  const view: View = new Map();
  for (const key of Object.keys(members)) view.set(key, plain(members[key] as FieldValue));
  return view;
}

/** CEL has string, int (bigint), double (number), bool, null, list and map: a decimal becomes the nearest double. */
function plain(value: FieldValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  return isDecimal(value) ? value.valueOf() : viewOf(value as Readonly<Record<string, FieldValue>>);
}

/** A priority in an expression: a separate type, so that it is compared in Falco's order only. */
class PriorityValue {
  readonly rank: number;
  constructor(priority: Priority) {
    this.rank = priorityRank(priority);
  }
}

const PRIORITY_VALUES = new Map(PRIORITIES.map((priority) => [priority, new PriorityValue(priority)]));

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function rankOf(text: string): number {
  const priority = parsePriority(text);
  if (priority === undefined) throw new Error(`unknown priority "${text}"`);
  return priorityRank(priority);
}

let shared: Environment | undefined;

/** The environment of all expressions; made with the first one, because most configurations have none. */
function eventEnvironment(): Environment {
  if (shared !== undefined) return shared;
  const environment = new Environment();
  environment.registerType('Priority', { ctor: PriorityValue, fields: {} });
  for (const [operator, compare] of Object.entries(COMPARISONS)) {
    environment.registerOperator(`Priority ${operator} string`, (p: PriorityValue, text: string) =>
      compare(p.rank, rankOf(text)),
    );
    environment.registerOperator(`string ${operator} Priority`, (text: string, p: PriorityValue) =>
      compare(rankOf(text), p.rank),
    );
  }
  // The library derives the mirrored operator and `!=` from this one.
  environment.registerOperator(
    'Priority == string',
    (p: PriorityValue, text: string) => p.rank === rankOf(text),
  );
  environment.registerOperator('Priority in list<string>', (p: PriorityValue, texts: Iterable<string>) => {
    for (const text of texts) if (p.rank === rankOf(text)) return true;
    return false;
  });
  environment.registerFunction(`string.${RE2_FUNCTION}(string): bool`, matchesRe2);
  for (const [name, type] of Object.entries(VARIABLES)) environment.registerVariable(name, type);
  shared = environment;
  return environment;
}
