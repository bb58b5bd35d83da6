import { compileRoute, type RouteError } from '../../../routing/route.ts';
import type { Fault, Path } from '../../explain/errors.ts';
import type { Span } from '../../explain/source.ts';
import { didYouMean } from '../../explain/suggest.ts';
import { find, type Node, offsetInSource, spanOf } from '../../read/tree.ts';
import type { CrossContext } from './context.ts';

/** The conditions of every output can be compiled, and an event can meet them. */
export function checkRoutes({ routes, root }: CrossContext): Fault[] {
  return routes.flatMap(({ name, route }) => {
    const compiled = compileRoute(route);
    return compiled.ok ? [] : compiled.errors.map((error) => routeFault(error, ['outputs', name], root));
  });
}

function routeFault(error: RouteError, base: Path, root: Node): Fault {
  const path = [...base, ...error.path];
  const { node } = find(root, path);
  const hint = error.word && error.candidates ? didYouMean(error.word, error.candidates) : { text: '' };
  const isWhen = error.path[0] === 'when';
  const isHidden = node.kind === 'scalar' && node.secret;
  return {
    code: isWhen
      ? 'TIERCEL_CFG_WHEN'
      : error.path[1] === 'priorities'
        ? 'TIERCEL_CFG_PRIORITY'
        : 'TIERCEL_CFG_ROUTE',
    path,
    message: isHidden
      ? 'is not valid; the value comes from the environment or a file and is not shown'
      : error.message + unlessSaid(error.message, hint.text),
    ...(hint.suggestion !== undefined && { suggestion: hint.suggestion }),
    ...(hint.suggestion === undefined &&
      error.candidates && { fix: `Known names: ${error.candidates.join(', ')}.` }),
    span: spanWithin(node, error, spanOf(root, path)),
  };
}

function unlessSaid(message: string, hint: string): string {
  return /did you mean/i.test(message) ? '' : hint;
}

/** The span of the wrong part of an expression, where its offset in the file is known. */
export function spanWithin(
  node: Node,
  { offset, length }: Pick<RouteError, 'offset' | 'length'>,
  span: Span,
): Span {
  const start = offset === undefined || node.kind !== 'scalar' ? undefined : offsetInSource(node, offset);
  if (start === undefined) return span;
  return { ...span, start, end: Math.min(start + Math.max(length ?? 1, 1), span.end) };
}
