import type { Mapper } from '../../../sdk/contract/mapper.ts';
import type { Fault } from '../../explain/errors.ts';
import { find } from '../../read/tree.ts';
import { withoutSecrets } from '../../read/without-secrets.ts';
import { type CheckableOutput, type CrossContext, keyOf } from './context.ts';

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/**
 * The mapper of every output can be created, and the output can write its records. The type of the output says which it can
 * (`checkMapper`).
 */
export function checkMappers({ outputs, root }: CrossContext): Fault[] {
  return outputs
    .filter(({ enabled }) => enabled === true)
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
}: CheckableOutput): readonly Problem[] {
  const created = createMapper(mapperDefinition, ref.options);
  if ('problem' in created) {
    const message = `the mapper ${ref.type} cannot be created: ${created.problem}`;
    return [{ message, fix: 'Correct the options or the code of the mapper.' }];
  }
  if (definition.checkMapper === undefined) return [];
  let problems: readonly string[];
  try {
    problems = definition.checkMapper(created.mapper, options as never);
  } catch (error) {
    problems = [messageOf(error)];
  }
  return problems.map((problem) => ({
    message: `an output of type ${type} cannot write the records of the mapper ${ref.type}: ${problem}`,
    fix: 'Change the mapper, or use another one, such as `mapper: ocsf` or `mapper: ecs`.',
  }));
}

/** The mapper, checked: its module may be plain JavaScript. */
function createMapper(
  definition: CheckableOutput['mapperDefinition'],
  options: object,
): { readonly mapper: Mapper } | { readonly problem: string } {
  let created: Partial<Mapper> & { readonly then?: unknown };
  try {
    created = definition.create(options as never, { log: silent });
  } catch (error) {
    return { problem: messageOf(error) };
  }
  if (typeof created?.map === 'function') return { mapper: created as Mapper };
  if (typeof created?.then !== 'function')
    return { problem: 'create() returns no object with a function "map"' };
  Promise.resolve(created).catch(nothing);
  return { problem: 'create() returns a promise; it must be synchronous' };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
