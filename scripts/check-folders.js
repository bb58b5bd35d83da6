// Who may import whom. Part of `npm run lint`: it fails when a folder imports another one that it may not, and when folders
// depend on each other in a cycle. Type imports count: who reads a file reads what it imports.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Each room with the rooms that it may import, from the bottom up. A room is a folder with all that is in it; `.` is the
 * file beside the rooms.
 */
const ROOMS = {
  'core/event': [],
  'core/sdk': ['core/event'],
  'core/routing': ['core/event', 'core/sdk'],
  'core/journal': ['core/sdk'],
  'core/telemetry': ['core/event', 'core/sdk', 'core/journal'],
  'core/dead-letters': ['core/sdk', 'core/journal', 'core/telemetry'],
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

const files = Object.keys(ROOMS)
  .filter((room) => room !== '.' && !room.includes('/'))
  .flatMap((folder) => sourcesIn(folder));
files.push('main.ts');

const problems = [];
/** Folder to folder, with one import that makes the edge. */
const edges = new Map();
for (const file of files) {
  for (const target of importsOf(file)) {
    const [from, to] = [roomOf(file), roomOf(target)];
    if (from !== to && !mayImport(from, to))
      problems.push(`${file} imports ${target}: ${from} may not import ${to}`);
    const [folder, imported] = [dirname(file), dirname(target)];
    if (folder === imported) continue;
    const targets = edges.get(folder) ?? new Map();
    targets.set(imported, targets.get(imported) ?? `${file} imports ${target}`);
    edges.set(folder, targets);
  }
}
for (const cycle of cycles())
  problems.push(
    `folders depend on each other: ${cycle.join(' -> ')}\n    ${cycle
      .slice(1)
      .map((folder, i) => edges.get(cycle[i]).get(folder))
      .join('\n    ')}`,
  );

for (const problem of problems) console.error(problem);
if (problems.length > 0) console.error(`${problems.length} imports break the layout: docs/architecture.md`);
process.exitCode = problems.length > 0 ? 1 : 0;

function sourcesIn(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

/** The files of the project that a file imports, types included. */
function importsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  const paths = [...text.matchAll(/(?:from|import\()\s*'(\.[^']*\.ts)'/g)].map((match) => match[1]);
  return paths.map((path) =>
    relative(root, join(root, dirname(file), path))
      .split(sep)
      .join('/'),
  );
}

/** The room of a file: the longest one whose folder it lies in. */
function roomOf(file) {
  const rooms = Object.keys(ROOMS).filter((room) => file.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? '.';
}

function mayImport(from, to) {
  return ROOMS[from].some((room) => room === to || (room === 'core/*' && to.startsWith('core/')));
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
