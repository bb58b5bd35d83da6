import { compileWhen } from '../../routing/when.ts';
import { AWS_REGIONS } from '../../sdk/aws/regions.ts';
import type { Fault, Path } from '../explain/errors.ts';
import { didYouMean, distance } from '../explain/suggest.ts';
import { find, isNull, type Node, type ScalarNode, spanOf } from '../read/tree.ts';
import { memberSchema } from '../schema/json-schema.ts';
import type { CrossContext } from './cross/context.ts';
import { disabledDeadLetterTargets } from './cross/dead-letter-targets.ts';
import { spanWithin } from './cross/routes.ts';
import { FALCO_FIELDS } from './falco-fields.ts';

/** Warnings: values that are valid and probably a mistake. */
export function lint(context: CrossContext): Fault[] {
  return [
    ...suspiciousTexts(context.root),
    ...unknownRegions(context),
    ...doubtfulConditions(context),
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
    return {
      message: 'is not replaced by a variable',
      fix: `Write an environment variable as \${env:NAME}.`,
    };
  if (/^[“”„‘’«].*[“”‘’»]$/s.test(value))
    return { message: 'is in typographic quotes, which are part of the value', fix: 'Use " or \'.' };
  return undefined;
}

/** A region that AWS does not have, unless another service is addressed. */
function unknownRegions({ nodes }: CrossContext): Fault[] {
  return nodes.flatMap(({ name, node, schema }): Fault[] => {
    if (node.kind !== 'map' || (node.entries.has('endpoint') && !isNull(node.entries.get('endpoint')!.value)))
      return [];
    return [...node.entries].flatMap(([option, { value }]): Fault[] => {
      if (memberSchema(schema, option)?.format !== 'aws-region') return [];
      if (value.kind !== 'scalar' || value.secret || typeof value.value !== 'string') return [];
      if (AWS_REGIONS.includes(value.value)) return [];
      const { text, suggestion } = didYouMean(value.value, AWS_REGIONS);
      return [
        {
          code: 'TIERCEL_CFG_VALUE',
          path: ['outputs', name, option],
          message: `"${value.value}" is not a known AWS region${text}`,
          ...(suggestion !== undefined ? { suggestion } : { fix: 'For example eu-central-1.' }),
          span: value.span,
        },
      ];
    });
  });
}

/** Valid conditions that are probably not what was meant: misspelt fields, and fields whose absence lets events through. */
function doubtfulConditions({ routes, sections, root }: CrossContext): Fault[] {
  const own = new Set(
    Object.keys({ ...sections.enrich?.custom_fields, ...sections.enrich?.templated_fields }),
  );
  return routes.flatMap(({ name, route: { when } }): Fault[] => {
    const compiled = when === undefined ? undefined : compileWhen(when);
    if (when === undefined || compiled?.ok !== true) return [];
    const path = ['outputs', name, 'when'];
    const { node } = find(root, path);
    if (node.kind === 'scalar' && node.secret) return [];
    const placed = (offset: number, length: number) =>
      spanWithin(node, { offset, length }, spanOf(root, path));
    const misspelt = compiled.fields.flatMap((field): Fault[] => {
      const meant = own.has(field) ? undefined : nearlyFalcos(field);
      if (meant === undefined) return [];
      const message = `Falco has no field "${field}"; did you mean "${meant}"?`;
      const span = placed(when.indexOf(field), field.length);
      return [{ code: 'TIERCEL_CFG_WHEN', path, message, suggestion: meant, span }];
    });
    const unguarded = compiled.unguarded.map(
      ({ field, guard, start, end }): Fault => ({
        code: 'TIERCEL_CFG_WHEN',
        path,
        message: `fails for an event in which "${field}" is missing or null, and an event for which it fails is delivered`,
        fix: `Check the field first: ${guard} && …`,
        span: placed(start, end - start),
      }),
    );
    return [...misspelt, ...unguarded];
  });
}

function nearlyFalcos(field: string): string | undefined {
  // `proc.aname[2]` and `evt.arg.flags` have an argument.
  if (FALCO_FIELDS.has(field) || /[[]|^evt\.arg\./.test(field) || !field.includes('.')) return undefined;
  // With more than one difference it is probably another field.
  return [...FALCO_FIELDS].find((known) => distance(field.toLowerCase(), known) <= 1);
}
