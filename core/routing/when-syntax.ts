import { parsePriority } from '../event/priority.ts';
import { patternProblem } from './re2.ts';

/** A node of the CEL syntax tree. */
export interface Node {
  readonly op: string;
  readonly args: unknown;
  readonly start: number;
  readonly end: number;
}

/** How an expression uses `fields`: the keys that it names, and whether it uses the whole map. */
export interface FieldUses {
  readonly keys: readonly string[];
  readonly whole: boolean;
}

/** Finds an unknown priority in a comparison with `priority`; for CEL it is just a string. */
export function unknownPriority(ast: Node): { word: string; start: number; end: number } | undefined {
  for (const node of walk(ast)) {
    if (!['==', '!=', '<', '<=', '>', '>=', 'in'].includes(node.op)) continue;
    const sides = children(node);
    if (!sides.some((side) => side.op === 'id' && side.args === 'priority')) continue;
    for (const literal of sides.flatMap((side) => (side.op === 'list' ? children(side) : [side]))) {
      const word = literal.args;
      if (literal.op === 'value' && typeof word === 'string' && parsePriority(word) === undefined) {
        return { word, start: literal.start, end: literal.end };
      }
    }
  }
  return undefined;
}

/** Our name for `matches`: the CEL library does not allow to replace its own function, which backtracks. */
export const RE2_FUNCTION = 're2_matches';

/**
 * Replaces every `matches()` in a syntax tree by {@link RE2_FUNCTION}; called before the type check.
 *
 * @returns what is wrong with a literal pattern, so that it is a load error and not an error of each event
 */
export function useRe2(ast: Node): { reason: string; start: number; end: number } | undefined {
  let problem: { reason: string; start: number; end: number } | undefined;
  for (const { op, args } of walk(ast)) {
    if (op !== 'rcall' || !Array.isArray(args) || args[0] !== 'matches') continue;
    args[0] = RE2_FUNCTION;
    const [pattern] = args[2] as readonly Node[];
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') continue;
    const reason = patternProblem(pattern.args);
    if (reason !== undefined) problem ??= { reason, start: pattern.start, end: pattern.end };
  }
  return problem;
}

/** The names of the variables in an expression. */
export function namesIn(ast: Node): ReadonlySet<string> {
  return new Set([...walk(ast)].flatMap(({ op, args }) => (op === 'id' ? String(args) : [])));
}

/** Which fields an expression reads. */
export function usesOfFields(ast: Node): FieldUses {
  const keys = new Set<string>();
  const named = new Set<Node>();
  let whole = false;
  for (const node of walk(ast)) {
    const [left, right] = Array.isArray(node.args) ? node.args : [];
    const isFields = (value: unknown): value is Node =>
      isNode(value) && value.op === 'id' && value.args === 'fields';
    if (node.op === 'call' && left === 'has') whole = true;
    else if (isFields(left) && node.op === '.' && typeof right === 'string') {
      keys.add(right);
      named.add(left);
    } else if (isFields(left) && node.op === '[]' && isNode(right) && typeof right.args === 'string') {
      if (right.op !== 'value') continue;
      keys.add(right.args);
      named.add(left);
    } else if (isFields(node) && !named.has(node)) whole = true;
  }
  return { keys: [...keys], whole };
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
}

/** The field that a node reads: `fields["x"]` or `fields.x`. */
export function fieldIn({ op, args }: Node): string | undefined {
  if ((op !== '[]' && op !== '.') || !Array.isArray(args)) return undefined;
  const [map, name] = args as readonly unknown[];
  if (!isNode(map) || map.op !== 'id' || map.args !== 'fields') return undefined;
  if (op === '.') return typeof name === 'string' ? name : undefined;
  return isNode(name) && name.op === 'value' && typeof name.args === 'string' ? name.args : undefined;
}

/** Arguments of a call are nested lists; all nodes below are found. */
export function children(node: Node): Node[] {
  return Array.isArray(node.args) ? node.args.flat(3).filter(isNode) : isNode(node.args) ? [node.args] : [];
}

/** Every node, parents first. */
export function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of children(node)) yield* walk(child);
}
