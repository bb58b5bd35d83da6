import type { Fault, Path } from '../../explain/errors.ts';
import { didYouMean } from '../../explain/suggest.ts';
import { find, spanOf } from '../../read/tree.ts';
import { keyOf, type Whole } from './context.ts';

/** Whether the tests of a configuration name outputs that are there. */
export function checkTests({ tests, routes, root }: Whole): Fault[] {
  const names = routes.map(({ name }) => name);
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
      .filter(({ name }) => !names.includes(name))
      .map(({ name, path }): Fault => {
        const { node } = find(root, path);
        const isHidden = node.kind === 'scalar' && node.secret;
        const { text, suggestion } = didYouMean(name, names);
        const span = path.includes('records') ? keyOf(root, path) : spanOf(root, path);
        return {
          code: 'TIERCEL_CFG_UNKNOWN_OUTPUT',
          path,
          message: isHidden ? 'there is no such output' : `there is no output "${name}"${text}`,
          ...(suggestion && { suggestion }),
          span,
        };
      });
  });
}
