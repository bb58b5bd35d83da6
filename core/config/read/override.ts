import type { Fault } from '../explain/errors.ts';
import { namedSource, type Source } from '../explain/source.ts';
import { interpolate, type Lookup } from './interpolate.ts';
import type { Entry, MapNode, Node, ScalarNode } from './tree.ts';

/** The prefix of environment variables that set keys. */
export const ENV_PREFIX = 'TIERCEL_';

/** Variables with the prefix that are not keys but settings of the program. */
const OWN_VARIABLES = new Set(['TIERCEL_CONFIG', 'TIERCEL_DEBUG']);

/**
 * Kubernetes gives every pod variables for the Services of its namespace; a Service named `tiercel` makes
 * `TIERCEL_SERVICE_HOST` and `TIERCEL_PORT=tcp://…` of them. They are not configuration.
 */
const SERVICE_LINK =
  /^TIERCEL(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9]+)*|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** Keys set by the environment: `TIERCEL_OUTPUTS__LAKE__REGION`; two underscores separate levels; empty variables are ignored. */
export function applyEnvironment(
  root: MapNode,
  env: Lookup['env'],
  dir: string,
): { root: MapNode; faults: Fault[] } {
  const faults: Fault[] = [];
  let result = root;
  for (const [name, value] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(ENV_PREFIX) || !value || OWN_VARIABLES.has(name)) continue;
    if (!name.includes('__') && (SERVICE_LINK.test(name) || isServicePort(name, value))) continue;
    const source = namedSource(`environment variable ${name}`, dir);
    const steps = name.slice(ENV_PREFIX.length).split('__');
    if (steps.some((step) => step === '')) {
      const message = 'a level of the path is empty: separate levels with exactly two underscores';
      faults.push({ code: 'TIERCEL_CFG_OVERRIDE', path: [], message, span: spanOf(source) });
      continue;
    }
    const set = setPath(result, steps, textNode(source, value, true), true);
    result = set.root;
    if (set.fault) faults.push(set.fault);
  }
  return { root: result, faults };
}

function isServicePort(name: string, value: string): boolean {
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);
}

/** Keys set by arguments: `outputs.lake.region=eu-west-1`. Lists and mappings in YAML's short form: `log={level: debug}`. */
export async function applySets(
  root: MapNode,
  sets: readonly string[],
  dir: string,
  lookup: Lookup,
): Promise<{ root: MapNode; faults: Fault[] }> {
  const faults: Fault[] = [];
  let result = root;
  for (const set of sets) {
    const equals = set.indexOf('=');
    const key = equals < 0 ? set : set.slice(0, equals);
    const source = namedSource(`--set ${key}`, dir);
    const steps = key.split('.');
    if (equals < 0 || steps.some((step) => step === '')) {
      const message = 'does not have the form path.to.key=value';
      const fix = 'For example: --set outputs.lake.region=eu-west-1';
      faults.push({ code: 'TIERCEL_CFG_OVERRIDE', path: [], message, fix, span: spanOf(source) });
      continue;
    }
    const filled = await interpolate(textNode(source, set.slice(equals + 1), false), lookup);
    const value = filled.root as ScalarNode;
    faults.push(...filled.faults.map((fault) => ({ ...fault, path: steps })));
    const applied = setPath(result, steps, { ...value, isText: true }, false);
    result = applied.root;
    if (applied.fault) faults.push(applied.fault);
  }
  return { root: result, faults };
}

function spanOf(source: Source) {
  return { source, start: 0, end: 0 };
}

function textNode(source: Source, value: string, secret: boolean): ScalarNode {
  return { kind: 'scalar', span: spanOf(source), value, written: value, isText: true, secret };
}

/** A copy of the tree with one value set. Steps from the environment match keys regardless of case. */
function setPath(
  root: MapNode,
  steps: readonly string[],
  value: ScalarNode,
  fromEnv: boolean,
): { root: MapNode; fault?: Fault } {
  /** @param here the path so far, as the keys are written */
  const walk = (node: Node | undefined, depth: number, here: readonly string[]): Node | Fault => {
    if (depth === steps.length) return value;
    const { span } = value;
    if (node !== undefined && node.kind === 'list') return listItem(node.items, depth, here);
    if (node !== undefined && node.kind === 'scalar' && node.value !== null) {
      return {
        code: 'TIERCEL_CFG_OVERRIDE',
        path: here,
        message: 'is a single value and has no keys',
        span,
      };
    }
    const entries = new Map<string, Entry>(node?.kind === 'map' ? node.entries : []);
    const name = fromEnv ? keyFor(steps[depth]!, entries) : steps[depth]!;
    const child = walk(entries.get(name)?.value, depth + 1, [...here, name]);
    if ('code' in child) return child;
    entries.set(name, { key: entries.get(name)?.key ?? span, value: child });
    return { kind: 'map', span: node?.span ?? span, entries };
  };
  const listItem = (items: readonly Node[], depth: number, here: readonly string[]): Node | Fault => {
    const step = steps[depth]!;
    const index = /^\d+$/.test(step) ? Number(step) : -1;
    if (index < 0 || index > items.length) {
      const message = `is a list: set the whole list, or one entry by its index (0 to ${items.length})`;
      return { code: 'TIERCEL_CFG_OVERRIDE', path: here, message, span: value.span };
    }
    const child = walk(items[index], depth + 1, [...here, step]);
    if ('code' in child) return child;
    const copy = [...items];
    copy[index] = child;
    return { kind: 'list', span: items[0]?.span ?? value.span, items: copy };
  };
  const result = walk(root, 0, []);
  return 'code' in result ? { root, fault: result } : { root: result as MapNode };
}

function keyFor(step: string, entries: ReadonlyMap<string, Entry>): string {
  const wanted = step.toLowerCase();
  const same = [...entries.keys()].find((key) => key.toLowerCase().replaceAll('-', '_') === wanted);
  return same ?? wanted;
}
