import type { Fault } from '../../explain/errors.ts';
import { checkAdmin } from './admin.ts';
import { checkClaims } from './claims.ts';
import type { Whole } from './context.ts';
import { checkBounds, checkLimits, checkSections } from './limits.ts';
import { checkNames } from './names.ts';
import { checkRoute } from './routes.ts';
import { checkTests } from './tests.ts';

/** The third phase: everything that more than one place decides. */
export function crossCheck(whole: Whole): Fault[] {
  const { sections, root } = whole;
  return [
    ...checkNames(whole),
    ...whole.routes.flatMap((output) => checkRoute(output, root)),
    ...whole.outputs.flatMap((output) => [...checkLimits(output, whole), ...checkBounds(output, whole)]),
    ...checkClaims(whole),
    ...checkSections(sections, root),
    ...checkAdmin(whole),
    ...checkTests(whole),
  ];
}
