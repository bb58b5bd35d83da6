import { children, fieldIn, type Node, usesOfFields } from './when-syntax.ts';

/** A use of a field that fails when the event lacks the field, or has null in it. An event for which `when` fails is wanted. */
export interface UnguardedField {
  readonly field: string;
  /** The condition that is missing before the use. */
  readonly guard: string;
  /** Offsets of the use in the expression. */
  readonly start: number;
  readonly end: number;
}

/** What is known of the fields at a place of the expression. */
interface Known {
  /** Fields that are not null. */
  readonly value: ReadonlySet<string>;
  /** Fields that the event has, maybe with null. */
  readonly present: ReadonlySet<string>;
}

const NOTHING: Known = { value: new Set(), present: new Set() };

/** They compare null as any other value. Everything else fails on it. */
const TAKES_NULL = new Set(['==', '!=', 'list', 'map', '?:']);

/**
 * Finds the uses of fields that no condition guards. `a && b` guards both ways, because false && error is false in CEL.
 *
 * @returns the first use of each field
 * @example unguardedFields(astOf('fields["evt.num"] > 5'))[0].guard // 'fields["evt.num"] != null'
 */
export function unguardedFields(ast: Node): readonly UnguardedField[] {
  // An expression that uses the map itself sees only the fields of the event: reading another fails.
  const { whole } = usesOfFields(ast);
  const found = new Map<string, UnguardedField>();

  /** @param takesNull what is around the node does not fail on null */
  const visit = (node: Node, known: Known, takesNull: boolean): void => {
    const field = fieldIn(node);
    if (field !== undefined) {
      const hasValue = takesNull || known.value.has(field);
      const isPresent = !whole || known.present.has(field);
      if ((hasValue && isPresent) || found.has(field)) return;
      const read = `fields[${JSON.stringify(field)}]`;
      const parts = [
        ...(whole ? [`${JSON.stringify(field)} in fields`] : []),
        ...(takesNull ? [] : [`${read} != null`]),
      ];
      found.set(field, { field, guard: parts.join(' && '), start: node.start, end: node.end });
      return;
    }
    const [left, right, otherwise] = children(node) as [Node, Node, Node];
    if (node.op === '&&' || node.op === '||') {
      const holds = node.op === '&&';
      visit(left, both(known, factsOf(right, holds)), false);
      visit(right, both(known, factsOf(left, holds)), false);
    } else if (node.op === '?:') {
      visit(left, known, false);
      visit(right, both(known, factsOf(left, true)), takesNull);
      visit(otherwise, both(known, factsOf(left, false)), takesNull);
    } else if (node.op === 'in') {
      visit(left, known, true);
      visit(right, known, false);
    } else if (!isHas(node)) for (const child of children(node)) visit(child, known, TAKES_NULL.has(node.op));
  };
  // The expression as a whole must be true or false.
  visit(ast, NOTHING, false);
  return [...found.values()];
}

/** What is known of the fields when a condition comes to `truth`. */
function factsOf(node: Node, truth: boolean): Known {
  if (isHas(node)) {
    const field = fieldIn(children(node)[0]!);
    return truth && field !== undefined ? { ...NOTHING, present: new Set([field]) } : NOTHING;
  }
  const [left, right] = children(node);
  if (left === undefined) return NOTHING;
  if (node.op === '!_') return factsOf(left, !truth);
  if (right === undefined) return NOTHING;
  if ((node.op === '&&' && truth) || (node.op === '||' && !truth))
    return both(factsOf(left, truth), factsOf(right, truth));
  if (node.op === '==' || node.op === '!=') {
    const [field, other] = fieldIn(left) === undefined ? [fieldIn(right), left] : [fieldIn(left), right];
    if (field === undefined || other.op !== 'value') return NOTHING;
    // Known to differ from null, or to equal something that is not null.
    const isValue = (other.args === null) === ((node.op === '!=') === truth);
    return { value: new Set(isValue ? [field] : []), present: NOTHING.present };
  }
  const isMember = node.op === 'in' && truth && left.op === 'value' && typeof left.args === 'string';
  if (isMember && right.op === 'id' && right.args === 'fields')
    return { ...NOTHING, present: new Set([left.args as string]) };
  return NOTHING;
}

function both(a: Known, b: Known): Known {
  return {
    value: new Set([...a.value, ...b.value]),
    present: new Set([...a.present, ...b.present]),
  };
}

function isHas({ op, args }: Node): boolean {
  return op === 'call' && Array.isArray(args) && args[0] === 'has';
}
