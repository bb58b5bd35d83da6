// Writes outputs/index.ts and mappers/index.ts: the lists of what is built in, by scanning the folders.
// A built-in is NAME.ts or NAME/index.ts with a default export; its type is the name with `_` for `-`. A folder without
// an index.ts is not one: `outputs/shared` holds what families of outputs share.
// `--check` writes nothing and fails when a list is stale.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const check = process.argv.includes('--check');
let stale = false;

for (const folder of ['outputs', 'mappers']) {
  const file = join(root, folder, 'index.ts');
  const text = render(folder, scan(join(root, folder)));
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  stale = true;
  if (check) console.error(`${folder}/index.ts is stale: run node scripts/generate-builtins.js`);
  else writeFileSync(file, text);
}
process.exit(check && stale ? 1 : 0);

/** @returns {string[]} the modules beside the list: `file.ts`, `ocsf/index.ts` */
function scan(folder) {
  return readdirSync(folder)
    .filter((name) => name !== 'index.ts')
    .map((name) => (statSync(join(folder, name)).isDirectory() ? `${name}/index.ts` : name))
    .filter((path) => path.endsWith('.ts') && existsSync(join(folder, path)))
    .filter((path) => /^export default /m.test(readFileSync(join(folder, path), 'utf8')))
    .sort();
}

function render(folder, paths) {
  const entries = paths.map((path) => {
    const type = path.replace(/(\/index)?\.ts$/, '').replaceAll('-', '_');
    return `  ${type}: {
    module: compiled('./${path.replace(/\.ts$/, '.js')}'),
    load: async () => (await import('./${path}')).default,
  },
`;
  });
  return `// Written by scripts/generate-builtins.js; do not edit.

/** The URL of a module's compiled form, also where this runs from TypeScript: worker threads take JavaScript only. */
const compiled = (path: string) =>
  new URL(import.meta.url.endsWith('.ts') ? \`../dist/${folder}/\${path}\` : path, import.meta.url).href;

/** The built-in ${folder} by type, each loaded when it is wanted. */
export const ${folder} = {
${entries.join('')}};
`;
}
