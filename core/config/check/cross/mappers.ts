import type { Mapper } from '../../../sdk/contract/mapper.ts';
import type { Fault } from '../../explain/errors.ts';
import { find } from '../../read/tree.ts';
import { withoutSecrets } from '../../read/without-secrets.ts';
import type { OutputConfig } from '../../schema/config.ts';
import { type CrossContext, keyOf } from './context.ts';

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * The mapper of every output can be made, and the output can write its records. The type of the output says which it can
 * (`checkMapper`).
 */
export function checkMappers({ outputs, root }: CrossContext): Fault[] {
  return outputs
    .filter(({ enabled }) => enabled)
    .flatMap((output): Fault[] => {
      const path = ['outputs', output.name];
      const at = [...path, 'mapper'];
      const { node } = find(root, path);
      const isNamed = node?.kind === 'map' && node.entries.has('mapper');
      return problemsOf(output).map(({ message, fix }) => ({
        code: 'TIERCEL_CFG_MAPPER',
        path: isNamed ? at : path,
        message: withoutSecrets(message, node),
        fix,
        span: keyOf(root, isNamed ? at : path),
      }));
    });
}

type Problem = Required<Pick<Fault, 'message' | 'fix'>>;

function problemsOf({
  type,
  definition,
  options,
  mapper: ref,
  mapperDefinition,
}: OutputConfig): readonly Problem[] {
  const made = makeMapper(mapperDefinition, ref.options);
  if ('problem' in made)
    return [
      {
        message: `the mapper ${ref.type} cannot be used: ${made.problem}`,
        fix: 'Correct the code of the mapper.',
      },
    ];
  if (definition.checkMapper === undefined) return [];
  let problems: readonly string[];
  try {
    problems = definition.checkMapper(made.mapper, options as never);
  } catch (error) {
    problems = [messageOf(error)];
  }
  return problems.map((problem) => ({
    message: `${type} cannot write the records of ${ref.type}: ${problem}`,
    fix: 'Change the mapper, or choose another: `mapper: ocsf` and `mapper: ecs` can be written.',
  }));
}

/** The mapper, checked: its module may be plain JavaScript. */
function makeMapper(
  definition: OutputConfig['mapperDefinition'],
  options: object,
): { readonly mapper: Mapper } | { readonly problem: string } {
  let made: Partial<Mapper> & { readonly then?: unknown };
  try {
    made = definition.create(options as never, { log: silent });
  } catch (error) {
    return { problem: `it cannot be made: ${messageOf(error)}` };
  }
  if (typeof made?.map === 'function') return { mapper: made as Mapper };
  if (typeof made?.then !== 'function')
    return { problem: 'its create() returns no object with a function "map"' };
  Promise.resolve(made).catch(nothing);
  return { problem: 'its create() returns a promise; create must be synchronous' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
