import { syncBuiltinESMExports } from 'node:module';

/**
 * Replaces functions of a module of Node, for every importer, until the returned function is called.
 *
 * @param module its default export
 */
export function patched<M extends object>(module: M, functions: { [K in keyof M]?: unknown }): () => void {
  const before = { ...module };
  Object.assign(module, functions);
  syncBuiltinESMExports();
  return () => {
    for (const name of Object.keys(functions) as (keyof M)[]) module[name] = before[name];
    syncBuiltinESMExports();
  };
}
