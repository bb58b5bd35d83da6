/** Something that an entry point of the package exports, as scripts/api-reference.js reads it. */
export interface Exported {
  readonly name: string;
  readonly kind: 'function' | 'constant' | 'class' | 'type';
  /** The source, from the root. */
  readonly file: string;
  readonly text: string;
  readonly examples: readonly string[];
}

/** The public API by what is imported, and the pages of docs/api by their path. */
export interface Api {
  readonly exports: readonly (Exported & { readonly module: string })[];
  readonly pages: ReadonlyMap<string, string>;
  readonly entryPoints: readonly EntryPoint[];
}

/** What is imported, `tiercel/lake`, and its index file from the root. */
export interface EntryPoint {
  readonly module: string;
  readonly source: string;
}

let api: Promise<Api> | undefined;

/** Reads the public API from the sources, once. */
export function readApi(): Promise<Api> {
  api ??= (async () => {
    // A script of the project is plain JavaScript, of which the compiler knows no types.
    const script = new URL('../../scripts/api-reference.js', import.meta.url).href;
    const { readApi: read, apiPages } = (await import(script)) as {
      readApi(): readonly {
        readonly module: string;
        readonly source: string;
        readonly groups: readonly { readonly exports: readonly Exported[] }[];
      }[];
      apiPages(entries: unknown): ReadonlyMap<string, string>;
    };
    const entries = read();
    const exports = entries.flatMap(({ module, groups }) =>
      groups.flatMap((group) => group.exports.map((one) => ({ ...one, module }))),
    );
    return { exports, pages: apiPages(entries), entryPoints: entries };
  })();
  return api;
}
