import { createEnricher, noDecodeOptions } from '../../event/decode.ts';
import type { Fault } from '../errors.ts';
import type { ConfigSections } from '../schema.ts';
import { find, type Node, spanOf } from '../tree.ts';

/** Whether the templated fields can be compiled. */
export function checkTemplates({ enrich }: Partial<ConfigSections>, root: Node): Fault[] {
  return Object.entries(enrich?.templated_fields ?? {}).flatMap(([field, text]): Fault[] => {
    try {
      createEnricher({ ...noDecodeOptions, templatedFields: { [field]: text } });
      return [];
    } catch (error) {
      const path = ['enrich', 'templated_fields', field];
      const { node } = find(root, path);
      const reason =
        node.kind === 'scalar' && node.secret
          ? ''
          : `: ${String((error as Error).message).replace(/^templated field .*?: /, '')}`;
      return [
        {
          code: 'TIERCEL_CFG_TEMPLATE',
          path,
          message: `is not a valid Liquid template${reason}`,
          fix: `Liquid, not Go: {{ fields["k8s.ns.name"] | default: "none" }}`,
          span: spanOf(root, path),
        },
      ];
    }
  });
}
