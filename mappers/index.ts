// Written by scripts/generate-builtins.js; do not edit.

/** The URL of a module's compiled form, also where this runs from TypeScript: worker threads take JavaScript only. */
const compiled = (path: string) =>
  new URL(import.meta.url.endsWith('.ts') ? `../dist/mappers/${path}` : path, import.meta.url).href;

/** The built-in mappers by type, each loaded when it is wanted. */
export const mappers = {
  ecs: {
    module: compiled('./ecs/index.js'),
    load: async () => (await import('./ecs/index.ts')).default,
  },
  event: {
    module: compiled('./event.js'),
    load: async () => (await import('./event.ts')).default,
  },
  falco: {
    module: compiled('./falco.js'),
    load: async () => (await import('./falco.ts')).default,
  },
  ocsf: {
    module: compiled('./ocsf/index.js'),
    load: async () => (await import('./ocsf/index.ts')).default,
  },
};
