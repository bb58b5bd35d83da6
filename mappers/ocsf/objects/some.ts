/** The object, or undefined when all its members are: OCSF and Parquet know no empty objects. */
export function some<T extends object>(value: T): T | undefined {
  for (const key in value) if (value[key] !== undefined) return value;
  return undefined;
}
