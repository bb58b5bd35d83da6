import type { Fault, Path } from '../../explain/errors.ts';
import type { Span } from '../../explain/source.ts';
import { didYouMean } from '../../explain/suggest.ts';
import { find, type Node, spanOf } from '../../read/tree.ts';
import { type CrossContext, keyOf } from './context.ts';

/** The names of outputs are distinct, and the tests of the configuration refer to existing ones. */
export function checkOutputNames(context: CrossContext): Fault[] {
  return [...checkNames(context), ...checkTests(context)];
}

/** At least one output is enabled, and no two names differ in case only. */
function checkNames({ routes, outputs, root }: CrossContext): Fault[] {
  const names = routes.map(({ name }) => name);
  if (names.length === 0) {
    const message = 'no output is configured: events would not be delivered';
    const fix = 'Add one, for example:  outputs: { screen: { type: stdout } }';
    return [
      { code: 'TIERCEL_CFG_NO_OUTPUTS', path: ['outputs'], message, fix, span: spanOf(root, ['outputs']) },
    ];
  }
  if (outputs.length === names.length && outputs.every(({ enabled }) => enabled === false)) {
    const message = 'all outputs are disabled: events would not be delivered';
    return [{ code: 'TIERCEL_CFG_NO_OUTPUTS', path: ['outputs'], message, span: spanOf(root, ['outputs']) }];
  }
  const seen = new Map<string, string>();
  return names.flatMap((name): Fault[] => {
    const first = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), first ?? name);
    if (first === undefined) return [];
    const message = `is the same name as "${first}": names of outputs are not case-sensitive`;
    const [span, other] = [keyOf(root, ['outputs', name]), keyOf(root, ['outputs', first])];
    return [{ code: 'TIERCEL_CFG_DUPLICATE_OUTPUT', path: ['outputs', name], message, span, other }];
  });
}

/** The tests of the configuration name outputs that exist. */
function checkTests({ tests, routes, root }: CrossContext): Fault[] {
  const names = new Set(routes.map(({ name }) => name));
  return tests.flatMap((test, index) => {
    if (test === undefined) return [];
    const { expect } = test;
    const at: Path = ['tests', index, 'expect'];
    const lists = (['outputs', 'not_outputs'] as const).flatMap((key) =>
      (expect[key] ?? []).map((name, position) => ({ name, path: [...at, key, position] })),
    );
    const records = Object.keys(expect.records ?? {}).map((name) => ({
      name,
      path: [...at, 'records', name],
    }));
    return [...lists, ...records]
      .filter(({ name }) => !names.has(name))
      .map(({ name, path }) => {
        const span = path.includes('records') ? keyOf(root, path) : spanOf(root, path);
        return unknownOutput(name, [...names], { path, root, span });
      });
  });
}

/** The error for a name that no output has. A name from the environment or a file is not shown. */
export function unknownOutput(
  name: string,
  names: readonly string[],
  { path, root, span }: { readonly path: Path; readonly root: Node; readonly span: Span },
): Fault {
  const { node } = find(root, path);
  const isHidden = node.kind === 'scalar' && node.secret;
  const { text, suggestion } = didYouMean(name, names);
  return {
    code: 'TIERCEL_CFG_UNKNOWN_OUTPUT',
    path,
    message: isHidden ? 'there is no output of that name' : `there is no output "${name}"${text}`,
    ...(suggestion && { suggestion }),
    span,
  };
}
