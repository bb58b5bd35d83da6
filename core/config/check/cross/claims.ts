import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Fault } from '../../explain/errors.ts';
import { find } from '../../read/tree.ts';
import { withoutSecrets } from '../../read/without-secrets.ts';
import { type CheckableOutput, type CrossContext, keyOf, writtenAt } from './context.ts';

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * No two outputs write to the same place, and none writes into the directory of the journal. The type of each output says which
 * places it claims.
 */
export function checkClaims(context: CrossContext): Fault[] {
  const { outputs, root, dir, sections } = context;
  const owners = new Map<string, string>();
  const journal = sections.journal?.path === undefined ? undefined : resolve(dir, sections.journal.path);
  return outputs
    .filter(({ enabled }) => enabled === true)
    .flatMap((output): Fault[] => {
      const path = ['outputs', output.name];
      const { node } = find(root, path);
      const span = keyOf(root, path);
      let claims: readonly string[];
      try {
        claims = claimsOf(output, dir);
      } catch (error) {
        const message = withoutSecrets((error as Error).message, node);
        return [{ code: 'TIERCEL_CFG_VALUE', path, message, span }];
      }
      return claims.flatMap((claim): Fault[] => {
        if (journal !== undefined && isInside(claim, journal)) {
          const message = withoutSecrets(`writes into the directory of the journal: ${claim}`, node);
          const fix = 'Use a path outside journal.path: the files in it belong to the journal.';
          const other = writtenAt(root, ['journal', 'path']);
          return [{ code: 'TIERCEL_CFG_CLAIM', path, message, fix, span, ...(other && { other }) }];
        }
        const owner = owners.get(claim);
        owners.set(claim, owner ?? output.name);
        if (owner === undefined || owner === output.name) return [];
        const message = withoutSecrets(`writes to the same place as the output "${owner}": ${claim}`, node);
        const fix = 'Give each output its own place, or let one output receive the events of both.';
        const other = keyOf(root, ['outputs', owner]);
        return [{ code: 'TIERCEL_CFG_CLAIM', path, message, fix, span, other }];
      });
    });
}

function claimsOf(
  { definition, options, mapper, mapperDefinition }: CheckableOutput,
  configDir: string,
): readonly string[] {
  const context = {
    configDir,
    mapperRef: mapper,
    // Created on demand, because it takes time.
    get mapper() {
      return mapperDefinition.create(mapper.options as never, { log: silent });
    },
  };
  return definition.claims?.(options as never, context) ?? [];
}

/** True for a local path in the folder, or the folder itself. */
function isInside(claim: string, folder: string): boolean {
  if (!isAbsolute(claim)) return false;
  const way = relative(folder, claim);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
