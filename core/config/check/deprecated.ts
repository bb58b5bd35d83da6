import type { Fault, Path } from '../explain/errors.ts';
import { isNull, type Node } from '../read/tree.ts';
import { itemSchema, type JsonSchema, memberSchema } from '../schema/json-schema.ts';

/**
 * Warnings about deprecated options that are set. A section that is deprecated as a whole gives one warning.
 *
 * @param path of the node in the configuration
 */
export function deprecatedOptions(node: Node, schema: JsonSchema | undefined, path: Path): Fault[] {
  if (schema === undefined || node.kind === 'scalar') return [];
  if (node.kind === 'list')
    return node.items.flatMap((item, index) => deprecatedOptions(item, itemSchema(schema), [...path, index]));
  return [...node.entries].flatMap(([name, { key, value }]): Fault[] => {
    const option = memberSchema(schema, name);
    const at = [...path, name];
    if (option?.deprecated !== true || isNull(value)) return deprecatedOptions(value, option, at);
    const fix = option.description;
    return [
      { code: 'TIERCEL_CFG_DEPRECATED', path: at, message: 'is deprecated', ...(fix && { fix }), span: key },
    ];
  });
}
