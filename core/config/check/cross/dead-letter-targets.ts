import type { Fault, Path } from '../../explain/errors.ts';
import { find, type Node, spanOf } from '../../read/tree.ts';
import type { CrossContext } from './context.ts';
import { unknownOutput } from './output-names.ts';

/** `on_dead_letter` names another output. */
export function checkDeadLetterTargets(context: CrossContext): Fault[] {
  const names = context.routes.map(({ name }) => name);
  return targetsIn(context).flatMap(({ path, target, output }): Fault[] => {
    if (!names.includes(target))
      return [unknownOutput(target, names, { path, root: context.root, span: spanOf(context.root, path) })];
    if (target !== output) return [];
    const message = 'is this output itself: an output cannot be told of its own dead letters';
    return [{ code: 'TIERCEL_CFG_VALUE', path, message, span: spanOf(context.root, path) }];
  });
}

/** Warns of targets that are disabled: nothing is told. */
export function disabledDeadLetterTargets(context: CrossContext): Fault[] {
  const isDisabled = (name: string) =>
    context.outputs.some((output) => output.name === name && !output.enabled);
  return targetsIn(context)
    .filter(({ target }) => isDisabled(target))
    .map(({ path, target }) => ({
      code: 'TIERCEL_CFG_VALUE',
      path,
      message: `the output "${target}" is disabled, so it is not told of dead letters`,
      span: spanOf(context.root, path),
    }));
}

/** Where an output is named, and the output that names it; none for the section. */
interface Target {
  readonly path: Path;
  readonly target: string;
  readonly output?: string;
}

/** Read from the tree: an output with other mistakes is not among those of the context. */
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
