/** The object, or undefined when all its members are: OCSF and Parquet know no empty objects. */
export function some<T extends object>(value: T): T | undefined {
  for (const key in value) if (value[key] !== undefined) return value;
  return undefined;
}

/** The list without absent items, or undefined when nothing is left. */
export function someOf<T>(...items: readonly (T | undefined)[]): T[] | undefined {
  const present = items.filter((item) => item !== undefined);
  return present.length > 0 ? present : undefined;
}
