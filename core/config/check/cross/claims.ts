import type { Fault } from '../../explain/errors.ts';
import { find } from '../../read/tree.ts';
import { withoutSecrets } from '../../read/without-secrets.ts';
import { type CrossContext, keyOf } from './context.ts';

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** No two outputs write to the same place. The type of each output says which places it claims. */
export function checkClaims({ outputs, root, dir }: CrossContext): Fault[] {
  const owners = new Map<string, string>();
  return outputs
    .filter((output) => output.enabled)
    .flatMap(({ name, definition, options, mapper, mapperDefinition }): Fault[] => {
      let claims: readonly string[];
      const context = {
        configDir: dir,
        mapperRef: mapper,
        // Made on demand, because it takes time.
        get mapper() {
          return mapperDefinition.create(mapper.options as never, { log: silent });
        },
      };
      try {
        claims = definition.claims?.(options as never, context) ?? [];
      } catch (error) {
        const path = ['outputs', name];
        const message = withoutSecrets((error as Error).message, find(root, path).node);
        return [{ code: 'TIERCEL_CFG_VALUE', path, message, span: keyOf(root, path) }];
      }
      return claims.flatMap((claim): Fault[] => {
        const owner = owners.get(claim);
        owners.set(claim, owner ?? name);
        if (owner === undefined || owner === name) return [];
        const path = ['outputs', name];
        const said = `would write to the same place as the output "${owner}": ${claim}`;
        const message = withoutSecrets(said, find(root, path).node);
        const fix = 'Give each a place of its own, or let one output take the events of both.';
        const [span, other] = [keyOf(root, path), keyOf(root, ['outputs', owner])];
        return [{ code: 'TIERCEL_CFG_CLAIM', path, message, fix, span, other }];
      });
    });
}
