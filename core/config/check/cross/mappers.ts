import type { Mapper } from '../../../sdk/contract/mapper.ts';
import type { Fault } from '../../explain/errors.ts';
import { find } from '../../read/tree.ts';
import { withoutSecrets } from '../../read/without-secrets.ts';
import { type CheckableOutput, type CrossContext, keyOf } from './context.ts';

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Every output can write the records of its mapper. The type of the output says which it can (`checkMapper`). */
export function checkMappers({ outputs, root }: CrossContext): Fault[] {
  return outputs
    .filter(({ enabled, definition }) => enabled === true && definition.checkMapper !== undefined)
    .flatMap((output): Fault[] => {
      const path = ['outputs', output.name];
      const at = [...path, 'mapper'];
      const { node } = find(root, path);
      const isNamed = node?.kind === 'map' && node.entries.has('mapper');
      return problemsOf(output).map((problem) => ({
        code: 'TIERCEL_CFG_MAPPER',
        path: isNamed ? at : path,
        message: withoutSecrets(
          `an output of type ${output.type} cannot write the records of the mapper ${output.mapper.type}: ${problem}`,
          node,
        ),
        fix: 'Change the mapper, or use another one, such as `mapper: ocsf` or `mapper: ecs`.',
        span: keyOf(root, isNamed ? at : path),
      }));
    });
}

function problemsOf({
  definition,
  options,
  mapper: ref,
  mapperDefinition,
}: CheckableOutput): readonly string[] {
  let mapper: Mapper;
  try {
    mapper = mapperDefinition.create(ref.options as never, { log: silent });
  } catch (error) {
    return [`the mapper cannot be created: ${messageOf(error)}`];
  }
  try {
    return definition.checkMapper!(mapper, options as never);
  } catch (error) {
    return [messageOf(error)];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
