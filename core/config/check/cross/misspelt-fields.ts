import { compileWhen } from '../../../routing/when.ts';
import type { Fault } from '../../explain/errors.ts';
import { distance } from '../../explain/suggest.ts';
import { find, spanOf } from '../../read/tree.ts';
import type { Whole } from './context.ts';
import { FALCO_FIELDS } from './falco-fields.ts';
import { within } from './routes.ts';

/**
 * Fields in conditions that are nearly ones of Falco: they are valid, because plugins and rules bring fields of their own, and the
 * condition would be quietly false for ever.
 */
export function misspeltFields({ routes, sections, root }: Whole): Fault[] {
  const own = Object.keys({ ...sections.enrich?.custom_fields, ...sections.enrich?.templated_fields });
  return routes.flatMap(({ name, route: { when } }): Fault[] => {
    const compiled = when === undefined ? undefined : compileWhen(when);
    if (when === undefined || compiled?.ok !== true) return [];
    const path = ['outputs', name, 'when'];
    const { node } = find(root, path);
    if (node.kind === 'scalar' && node.secret) return [];
    return compiled.fields.flatMap((field): Fault[] => {
      const meant = own.includes(field) ? undefined : nearlyFalcos(field);
      if (meant === undefined) return [];
      const message = `Falco has no field "${field}"; did you mean "${meant}"?`;
      const span = within(node, { offset: when.indexOf(field), length: field.length }, spanOf(root, path));
      return [{ code: 'TIERCEL_CFG_WHEN', path, message, suggestion: meant, span }];
    });
  });
}

function nearlyFalcos(field: string): string | undefined {
  // `proc.aname[2]` and `evt.arg.flags` are made of others.
  if (FALCO_FIELDS.has(field) || /[[]|^evt\.arg\./.test(field) || !field.includes('.')) return undefined;
  // With more than one typo it is another name.
  return [...FALCO_FIELDS].find((known) => distance(field.toLowerCase(), known) <= 1);
}
