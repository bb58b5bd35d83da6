/** What a package is called. */
export interface PackageNames {
  readonly packageName: string;
  /** In YAML, when it is a file of one's own. */
  readonly type: string;
  /** Of Tiercel: the least that the package works with. */
  readonly version: string;
}

/** The code of a package. */
export interface CodeFiles {
  readonly index: string;
  readonly test: string;
}

/** A type as a name in code: `short_line` is `shortLine`. */
export function camel(type: string): string {
  return type.replace(/_+([a-z0-9])?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? '');
}
