import type { ErrorObject } from 'ajv/dist/2020.js';

/** Keeps one error per cause: ajv reports several, such as one for every branch of a union. */
export function filterAjvErrors(errors: readonly ErrorObject[]): ErrorObject[] {
  // ajv also reports the format of a wrong key; the error of the mapping that holds the key is enough.
  return onePerValue(pickBranches(errors.filter(({ propertyName }) => propertyName === undefined)));
}

/** A wrong type hides bounds and patterns of the same value, and a wrong choice (`enum`) hides a wrong type. */
function onePerValue(errors: readonly ErrorObject[]): ErrorObject[] {
  const byPath = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const others = byPath.get(error.instancePath);
    if (others === undefined) byPath.set(error.instancePath, [error]);
    else others.push(error);
  }
  return errors.filter((error) => {
    const others = byPath.get(error.instancePath)!;
    const choice = others.find(({ keyword }) => keyword === 'enum');
    if (error.keyword === 'type') return choice === undefined;
    if (choice !== undefined) return error === choice || isOfMembers(error);
    // One of the names is wrong: their number is not an error of its own.
    if (error.keyword === 'maxProperties' && others.some(({ keyword }) => keyword === 'additionalProperties'))
      return false;
    if (error.keyword === 'pattern' && others.some(({ keyword }) => keyword === 'format')) return false;
    return isOfMembers(error) || !others.some(({ keyword }) => keyword === 'type');
  });
}

function isOfMembers({ keyword }: ErrorObject): boolean {
  return keyword === 'additionalProperties' || keyword === 'required';
}

/**
 * A union that fails reports the errors of all its branches. Those of the branch that was meant are kept: the one of the
 * right kind, whose constants fit. Where none or several remain, one error for the union.
 */
function pickBranches(errors: readonly ErrorObject[]): ErrorObject[] {
  let left = [...errors];
  for (const union of errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')) {
    if (!left.includes(union)) continue;
    const prefix = `${union.schemaPath}/`;
    const inside = left.filter(
      (error) => error.schemaPath.startsWith(prefix) && error.instancePath.startsWith(union.instancePath),
    );
    const byBranch = groupBy(inside, prefix);
    const meant = [...byBranch.values()].filter(
      (branch) =>
        !branch.some(
          (error) =>
            (error.keyword === 'type' && error.instancePath === union.instancePath) ||
            error.keyword === 'const',
        ),
    );
    left = left.filter((error) => !inside.includes(error));
    if (meant.length !== 1) continue;
    left = left.filter((error) => error !== union);
    left.push(...meant[0]!);
  }
  return left;
}

function groupBy(errors: readonly ErrorObject[], prefix: string): Map<string, ErrorObject[]> {
  const groups = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    const branch = error.schemaPath.slice(prefix.length).split('/')[0]!;
    groups.set(branch, [...(groups.get(branch) ?? []), error]);
  }
  return groups;
}
