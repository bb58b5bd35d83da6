import type { Fault, Path } from '../../explain/errors.ts';
import { find, type Node, spanOf } from '../../read/tree.ts';
import type { CrossContext } from './context.ts';
import { unknownOutput } from './output-names.ts';

/** `on_dead_letter` names another output. */
export function checkDeadLetterTargets(context: CrossContext): Fault[] {
  const names = new Set(context.routes.map(({ name }) => name));
  return targetsIn(context).flatMap(({ path, target, output }): Fault[] => {
    if (!names.has(target))
      return [
        unknownOutput(target, [...names], { path, root: context.root, span: spanOf(context.root, path) }),
      ];
    if (target !== output) return [];
    const message = 'must name another output: an output cannot receive notices of its own dead letters';
    return [{ code: 'TIERCEL_CFG_VALUE', path, message, span: spanOf(context.root, path) }];
  });
}

/** Warns of targets that are disabled: they receive no notices. */
export function disabledDeadLetterTargets(context: CrossContext): Fault[] {
  const disabled = new Set(context.outputs.flatMap(({ name, enabled }) => (enabled === false ? [name] : [])));
  const isDisabled = (name: string) => disabled.has(name);
  return targetsIn(context)
    .filter(({ target }) => isDisabled(target))
    .map(({ path, target }) => ({
      code: 'TIERCEL_CFG_VALUE',
      path,
      message: `the output "${target}" is disabled, so it receives no notices of dead letters`,
      span: spanOf(context.root, path),
    }));
}

/** A position that names an output, and the output that it belongs to; none for the section `dead_letters`. */
interface Target {
  readonly path: Path;
  readonly target: string;
  readonly output?: string;
}

/** Read from the tree: an output with other errors is not among those of the context. */
function targetsIn({ routes, root }: CrossContext): Target[] {
  const at = (path: Path, output?: string): Target[] => {
    const target = textAt(root, path);
    return target === undefined ? [] : [{ path, target, ...(output !== undefined && { output }) }];
  };
  return [
    ...at(['dead_letters', 'on_dead_letter']),
    ...routes.flatMap(({ name }) => at(['outputs', name, 'on_dead_letter'], name)),
  ];
}

function textAt(root: Node, path: Path): string | undefined {
  const { node, exact } = find(root, path);
  if (!exact || node.kind !== 'scalar' || typeof node.value !== 'string' || node.value === '')
    return undefined;
  return node.value;
}
