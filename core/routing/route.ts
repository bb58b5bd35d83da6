import type { Event } from '../event/event.ts';
import { PRIORITIES, parsePriority, priorityRank } from '../event/priority.ts';
import { globs } from './glob.ts';
import { compileWhen, type When } from './when.ts';

/** Which events an output wants, as configured in YAML. An absent condition does not restrict. */
export interface RouteSpec {
  /** The least urgent priority wanted, in any case; `info` is `Informational`. */
  readonly minimum_priority?: string;
  /** Globs; all of the conditions given must hold. */
  readonly match?: {
    readonly rules?: readonly string[];
    readonly sources?: readonly string[];
    readonly tags?: readonly string[];
    readonly hostnames?: readonly string[];
    /** Over the fields `k8s.ns.name` and `ka.target.namespace`. */
    readonly namespaces?: readonly string[];
    /** Names of priorities, not globs. */
    readonly priorities?: readonly string[];
  };
  /** A CEL expression, see {@link compileWhen}. */
  readonly when?: string;
}

/** What is wrong with a route. */
export interface RouteError {
  /** The member at fault: `['match', 'priorities', 0]`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The offset in the text of the member, for an expression. */
  readonly offset?: number;
  readonly length?: number;
  /** A misspelt word and the words that it may mean. */
  readonly word?: string;
  readonly candidates?: readonly string[];
}

/** A compiled route. */
export interface Route {
  /** Called for each event: builds no text. */
  wants(event: Event): boolean;
  /** The same answer with its reason. */
  explain(event: Event): { readonly wanted: boolean; readonly why: string };
  /** How often `when` could not be evaluated; those events were wanted. */
  failures(): number;
}

interface Condition {
  holds(event: Event): boolean;
  /** The value of the event and the value that the condition requires. */
  why(event: Event): string;
}

/** @param onFailure called with the first failed evaluation of `when`, so that it is logged once */
export function compileRoute(
  spec: RouteSpec,
  onFailure: (reason: string, event: Event) => void = () => {},
):
  | { readonly ok: true; readonly route: Route }
  | { readonly ok: false; readonly errors: readonly RouteError[] } {
  const conditions: Condition[] = [];
  const errors: RouteError[] = [];
  let failures = 0;

  if (spec.minimum_priority !== undefined) {
    const minimum = parsePriority(spec.minimum_priority);
    if (minimum === undefined) errors.push(badPriority(['minimum_priority'], spec.minimum_priority));
    else {
      const rank = priorityRank(minimum);
      conditions.push({
        holds: (event) => priorityRank(event.priority) >= rank,
        why: (event) => `priority ${event.priority}, minimum_priority ${minimum}`,
      });
    }
  }
  for (const [name, patterns] of Object.entries(spec.match ?? {})) {
    if (patterns === undefined) continue;
    const path = ['match', name];
    if (patterns.length === 0) {
      errors.push({ path, message: 'an empty list matches no event; remove it to match all events' });
    } else if (name === 'priorities') {
      const unknown = patterns.flatMap((text, index) =>
        parsePriority(text) === undefined ? [badPriority([...path, index], text)] : [],
      );
      errors.push(...unknown);
      const wanted = new Set(patterns.map(parsePriority));
      conditions.push({
        holds: (event) => wanted.has(event.priority),
        why: (event) => `priority ${event.priority}, match.priorities ${patterns.join(', ')}`,
      });
    } else {
      const values = VALUES[name];
      if (values === undefined) {
        const message = `unknown condition "${name}"`;
        errors.push({ path, message, word: name, candidates: [...Object.keys(VALUES), 'priorities'] });
        continue;
      }
      const test = globs(patterns);
      conditions.push({
        holds: (event) => test(values(event)),
        why: (event) => `${name} ${JSON.stringify(values(event))}, match.${name} ${JSON.stringify(patterns)}`,
      });
    }
  }
  if (spec.when !== undefined) {
    const compiled = compileWhen(spec.when);
    if (!compiled.ok) errors.push({ path: ['when'], ...compiled.error });
    else {
      const { when } = compiled;
      if (isNeverMet(compiled, spec))
        errors.push({
          path: ['when'],
          message: `${UNREACHABLE}: the condition is never true`,
        });
      conditions.push({
        holds: (event) => {
          const { wanted, failed } = when(event);
          if (failed !== undefined && ++failures === 1) onFailure(failed, event);
          return wanted;
        },
        why: (event) => {
          const { failed } = when(event);
          return failed === undefined ? `when: ${spec.when}` : `when could not be evaluated (${failed})`;
        },
      });
    }
  }
  if (errors.length === 0) errors.push(...unreachable(spec));
  if (errors.length > 0) return { ok: false, errors };

  const wants = (event: Event) => conditions.every((condition) => condition.holds(event));
  const explain = (event: Event) => {
    const against = conditions.find((condition) => !condition.holds(event));
    if (against !== undefined) return { wanted: false, why: `not wanted: ${against.why(event)}` };
    if (conditions.length === 0) return { wanted: true, why: 'wanted: the output has no conditions' };
    return { wanted: true, why: `wanted: ${conditions.map((condition) => condition.why(event)).join('; ')}` };
  };
  return { ok: true, route: { wants, explain, failures: () => failures } };
}

/** A node of the decision tree: the outputs that want the event so far. */
interface Fork {
  readonly names: readonly string[];
  wanted?: Fork;
  unwanted?: Fork;
}

/**
 * Makes the router. The same set of outputs is always the same array, so that the journal stores it once. The sets are the
 * leaves of a decision tree, which makes no key per event (bench/cases/routing.ts).
 *
 * @returns a function that returns the names of the outputs that want the event, in the order of the routes.
 */
export function createRouter(
  routes: readonly { readonly name: string; readonly wants: (event: Event) => boolean }[],
): (event: Event) => readonly string[] {
  const root: Fork = { names: Object.freeze([]) as readonly string[] };
  return (event) => {
    let fork = root;
    for (const { name, wants } of routes) {
      if (wants(event)) fork = fork.wanted ??= { names: Object.freeze([...fork.names, name]) };
      else fork = fork.unwanted ??= { names: fork.names };
    }
    return fork.names;
  };
}

const UNREACHABLE = 'no event can reach this output';

/** Conditions that no event can meet: an error, because the output would never get an event. */
function unreachable(spec: RouteSpec): RouteError[] {
  const errors: RouteError[] = [];
  const { minimum_priority: minimum, match = {} } = spec;
  const least = minimum === undefined ? 0 : priorityRank(parsePriority(minimum)!);
  const { priorities, ...lists } = match;
  if (priorities?.every((name) => priorityRank(parsePriority(name)!) < least)) {
    errors.push({
      path: ['match', 'priorities'],
      message: `${UNREACHABLE}: all of these priorities are below minimum_priority (${minimum})`,
    });
  }
  for (const [name, patterns = []] of Object.entries(lists)) {
    const exclusions = patterns
      .filter((pattern) => pattern.startsWith('!'))
      .map((pattern) => pattern.slice(1));
    const included = patterns.filter((pattern) => !pattern.startsWith('!'));
    const isExcluded = globs(exclusions);
    // Only the same pattern surely excludes all of a pattern: "a*" includes more than "!a?" excludes.
    const isGone = (pattern: string) =>
      /[*?]/.test(pattern) ? exclusions.includes(pattern) : isExcluded([pattern]);
    const emptied = exclusions.length > 0 && included.length > 0 && included.every(isGone);
    if (emptied || exclusions.includes('*'))
      errors.push({
        path: ['match', name],
        message: `${UNREACHABLE}: every included pattern is excluded as well`,
      });
  }
  return errors;
}

/** Whether a condition over the priority alone is false for every priority. */
function isNeverMet({ when, names }: { when: When; names: ReadonlySet<string> }, spec: RouteSpec): boolean {
  if ([...names].some((name) => name !== 'priority')) return false;
  const minimum = parsePriority(spec.minimum_priority ?? 'debug');
  const named = spec.match?.priorities?.map(parsePriority);
  if (minimum === undefined || named?.includes(undefined)) return false;
  const possible = PRIORITIES.filter(
    (priority) => priorityRank(priority) >= priorityRank(minimum) && (named?.includes(priority) ?? true),
  );
  const event = { fields: {}, tags: [], source: '', rule: '', hostname: '', output: '', time: 0 };
  return (
    possible.length > 0 &&
    !possible.some((priority) => when({ ...event, priority } as unknown as Event).wanted)
  );
}

function badPriority(path: readonly (string | number)[], word: string): RouteError {
  return { path, message: `unknown priority "${word}"`, word, candidates: PRIORITIES };
}

/** The values of an event that the globs of each condition are matched with. */
const VALUES: Readonly<Record<string, (event: Event) => readonly string[]>> = {
  rules: (event) => [event.rule],
  sources: (event) => [event.source],
  tags: (event) => event.tags,
  hostnames: (event) => [event.hostname],
  namespaces: ({ fields }) =>
    [fields['k8s.ns.name'], fields['ka.target.namespace']].filter((value) => typeof value === 'string'),
};
