import { compileWhen } from '../../routing/when.ts';
import type { Fault, Path } from '../explain/errors.ts';
import { distance } from '../explain/suggest.ts';
import { find, type Node, type ScalarNode, spanOf } from '../read/tree.ts';
import type { CrossContext } from './cross/context.ts';
import { disabledDeadLetterTargets } from './cross/dead-letter-targets.ts';
import { spanWithin } from './cross/routes.ts';
import { FALCO_FIELDS } from './falco-fields.ts';

/** Warnings: values that are valid and most probably a mistake. */
export function lint(context: CrossContext): Fault[] {
  return [
    ...suspiciousTexts(context.root),
    ...misspeltFields(context),
    ...disabledDeadLetterTargets(context),
  ];
}

/** A variable of a shell, and the quotes of a word processor. */
function suspiciousTexts(node: Node, path: Path = []): Fault[] {
  if (node.kind === 'list')
    return node.items.flatMap((item, index) => suspiciousTexts(item, [...path, index]));
  if (node.kind === 'map')
    return [...node.entries].flatMap(([name, { value }]) => suspiciousTexts(value, [...path, name]));
  const problem = suspicionAbout(node);
  return problem === undefined ? [] : [{ code: 'TIERCEL_CFG_VALUE', path, ...problem, span: node.span }];
}

function suspicionAbout({ value, secret }: ScalarNode): Pick<Fault, 'message' | 'fix'> | undefined {
  if (typeof value !== 'string' || secret) return undefined;
  if (/^\$[A-Z_][A-Z0-9_]{2,}(\/|$)/.test(value) || /^%[A-Z_][A-Z0-9_]*%/.test(value))
    return { message: 'is taken as it stands, "$" and all', fix: `A variable is written \${env:NAME}.` };
  if (/^[“”„‘’«].*[“”‘’»]$/s.test(value))
    return { message: 'is in typographic quotes, which are part of the value', fix: 'Write " or \'.' };
  return undefined;
}

/**
 * Fields in `when` that differ by one typo from a field of Falco. They are valid, because plugins and rules add fields of their
 * own, but with a typo in the name the condition is never true.
 */
function misspeltFields({ routes, sections, root }: CrossContext): Fault[] {
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
      const span = spanWithin(
        node,
        { offset: when.indexOf(field), length: field.length },
        spanOf(root, path),
      );
      return [{ code: 'TIERCEL_CFG_WHEN', path, message, suggestion: meant, span }];
    });
  });
}

function nearlyFalcos(field: string): string | undefined {
  // `proc.aname[2]` and `evt.arg.flags` have an argument.
  if (FALCO_FIELDS.has(field) || /[[]|^evt\.arg\./.test(field) || !field.includes('.')) return undefined;
  // With more than one difference it is probably another field.
  return [...FALCO_FIELDS].find((known) => distance(field.toLowerCase(), known) <= 1);
}
