import type { Fault } from '../../explain/errors.ts';
import { spanOf } from '../../read/tree.ts';
import { keyOf, type Whole } from './context.ts';

/** Events must go somewhere, and outputs be told apart. */
export function checkNames({ routes, outputs, root }: Whole): Fault[] {
  const names = routes.map(({ name }) => name);
  if (names.length === 0) {
    const message = 'no output is configured: events would go nowhere';
    const fix = 'Add one, such as  outputs: { screen: { type: stdout } }';
    return [
      { code: 'TIERCEL_CFG_NO_OUTPUTS', path: ['outputs'], message, fix, span: spanOf(root, ['outputs']) },
    ];
  }
  if (outputs.length === names.length && outputs.every((output) => !output.enabled)) {
    const message = 'all outputs are disabled: events would go nowhere';
    return [{ code: 'TIERCEL_CFG_NO_OUTPUTS', path: ['outputs'], message, span: spanOf(root, ['outputs']) }];
  }
  const seen = new Map<string, string>();
  return names.flatMap((name): Fault[] => {
    const first = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), first ?? name);
    if (first === undefined) return [];
    const message = `is the same name as "${first}": upper and lower case do not tell outputs apart`;
    const [span, other] = [keyOf(root, ['outputs', name]), keyOf(root, ['outputs', first])];
    return [{ code: 'TIERCEL_CFG_DUPLICATE_OUTPUT', path: ['outputs', name], message, span, other }];
  });
}
