import type { Fault, Path } from '../explain/errors.ts';
import type { Node, ScalarNode } from '../read/tree.ts';

/** Values that are valid and most probably not meant: a shell's variable, quotes that a word processor made. */
export function suspicions(node: Node, path: Path = []): Fault[] {
  if (node.kind === 'list') return node.items.flatMap((item, index) => suspicions(item, [...path, index]));
  if (node.kind === 'map')
    return [...node.entries].flatMap(([name, { value }]) => suspicions(value, [...path, name]));
  const said = suspicion(node);
  return said === undefined ? [] : [{ code: 'TIERCEL_CFG_VALUE', path, ...said, span: node.span }];
}

function suspicion({ value, secret }: ScalarNode): Pick<Fault, 'message' | 'fix'> | undefined {
  if (typeof value !== 'string' || secret) return undefined;
  if (/^\$[A-Z_][A-Z0-9_]{2,}(\/|$)/.test(value) || /^%[A-Z_][A-Z0-9_]*%/.test(value))
    return { message: 'is taken as it stands, "$" and all', fix: `A variable is written \${env:NAME}.` };
  if (/^[“”„‘’«].*[“”‘’»]$/s.test(value))
    return { message: 'is in typographic quotes, which are part of the value', fix: 'Write " or \'.' };
  return undefined;
}
