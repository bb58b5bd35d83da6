// Who may import whom. Part of `npm run lint`: it fails when a folder imports another one that it may not, and when folders
// depend on each other in a cycle. Type imports count: who reads a file reads what it imports. The lists of built-ins, which
// scripts/generate-builtins.js writes, name modules in strings; those are not seen here.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Each folder, with all that is in it, and the folders that it may import, from the bottom up. `.` holds `main.ts`. */
const FOLDERS = {
  'core/event': [],
  'core/sdk': ['core/event'],
  'core/routing': ['core/event', 'core/sdk'],
  'core/journal': ['core/sdk'],
  'core/telemetry': ['core/event', 'core/sdk', 'core/journal'],
  'core/dead-letters': ['core/event', 'core/sdk', 'core/journal', 'core/telemetry'],
  'core/delivery': ['core/event', 'core/sdk', 'core/journal', 'core/telemetry', 'core/dead-letters'],
  'core/config': ['core/event', 'core/sdk', 'core/routing', 'core/delivery'],
  'core/plugins': ['core/sdk', 'core/routing', 'core/config'],
  'core/operations': [
    'core/event',
    'core/sdk',
    'core/journal',
    'core/telemetry',
    'core/dead-letters',
    'core/config',
  ],
  'core/http': [
    'core/event',
    'core/sdk',
    'core/journal',
    'core/telemetry',
    'core/dead-letters',
    'core/config',
    'core/operations',
  ],
  'core/docs': ['core/sdk', 'core/telemetry', 'core/delivery', 'core/config', 'core/plugins', 'core/http'],
  'core/testing': ['core/*'],
  core: ['core/*'],
  'core/cli': ['core', 'core/*'],
  outputs: ['core/sdk'],
  mappers: ['core/sdk'],
  distribution: ['core/*', 'outputs', 'mappers'],
  '.': ['core/*', 'distribution'],
};

const files = Object.keys(FOLDERS)
  .filter((folder) => folder !== '.' && !folder.includes('/'))
  .flatMap((folder) => sourcesIn(folder));
files.push('main.ts');

const problems = [];
for (const entry of readdirSync(join(root, 'core'), { withFileTypes: true }))
  if (entry.isDirectory() && !(`core/${entry.name}` in FOLDERS))
    problems.push(`core/${entry.name} is not in the table of scripts/check-folders.js`);
/** Folder to folder, with one import that makes the edge. */
const edges = new Map();
for (const file of files) {
  for (const target of importsOf(file)) {
    const [from, to] = [topFolderOf(file), topFolderOf(target)];
    if (from !== to && !mayImport(from, to))
      problems.push(`${file} imports ${target}: ${from} may not import ${to}`);
    const [folder, imported] = [dirname(file), dirname(target)];
    if (folder === imported) continue;
    const targets = edges.get(folder) ?? new Map();
    targets.set(imported, targets.get(imported) ?? `${file} imports ${target}`);
    edges.set(folder, targets);
  }
}
// A forbidden import makes many cycles: they are shown when nothing else is wrong, the shortest alone.
const cycle = cycles().sort((a, b) => a.length - b.length)[0];
if (problems.length === 0 && cycle !== undefined) {
  const imports = cycle.slice(1).map((folder, i) => edges.get(cycle[i]).get(folder));
  problems.push(`folders depend on each other: ${cycle.join(' -> ')}\n  ${imports.join('\n  ')}`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) console.error('the table of folders is in docs/architecture.md');
process.exitCode = problems.length > 0 ? 1 : 0;

function sourcesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** The files of the project that a file imports, types included. */
function importsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  const paths = [...text.matchAll(/(?:from|import|import\()\s*['"`](\.[^'"`$]*\.[jt]s)['"`]/g)].map(
    (match) => match[1],
  );
  return paths.map((path) =>
    relative(root, join(root, dirname(file), path))
      .split(sep)
      .join('/'),
  );
}

/** The folder of the table in which a file lies: the innermost. */
function topFolderOf(file) {
  const folders = Object.keys(FOLDERS).filter((folder) => file.startsWith(`${folder}/`));
  return folders.sort((a, b) => b.length - a.length)[0] ?? '.';
}

function mayImport(from, to) {
  return FOLDERS[from].some((folder) => folder === to || (folder === 'core/*' && to.startsWith('core/')));
}

/** One cycle of each set of folders that depend on each other. */
function cycles() {
  const found = [];
  const done = new Set();
  function visit(folder, path) {
    const at = path.indexOf(folder);
    if (at >= 0) return void found.push([...path.slice(at), folder]);
    if (done.has(folder)) return;
    for (const target of edges.get(folder)?.keys() ?? []) visit(target, [...path, folder]);
    done.add(folder);
  }
  for (const folder of edges.keys()) visit(folder, []);
  return found;
}
