import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Fault, Path } from '../explain/errors.ts';
import { fileSource, reveal, type Span } from '../explain/source.ts';
import { describeFileError, interpolate, type Lookup } from './interpolate.ts';
import { parseSource } from './parse.ts';
import type { Entry, MapNode, Node, ScalarNode } from './tree.ts';

/** Access to the files of a configuration. */
export interface Files extends Lookup {
  /** The names in a folder; rejects when there is none. */
  readDir(path: string): Promise<readonly string[]>;
}

interface Loading {
  readonly files: Files;
  /** Paths in errors are relative to this folder, as the path of the user is. */
  readonly mainFile: string;
  readonly mainName: string;
  readonly faults: Fault[];
  readonly warnings: Fault[];
}

/** The tree of all files. */
export interface Tree {
  readonly root: MapNode;
  readonly faults: Fault[];
  readonly warnings: Fault[];
  /** False when the file itself could not be read; included files may be missing even when true. */
  readonly isWhole: boolean;
}

/** Reads a file and everything it includes into one tree, and interpolates its values. */
export async function loadTree(
  main: { name: string; file: string; text: string },
  files: Files,
): Promise<Tree> {
  const loading: Loading = { files, mainFile: main.file, mainName: main.name, faults: [], warnings: [] };
  const root = await loadText(main.name, main.file, main.text, [resolve(main.file)], loading);
  const { faults, warnings } = loading;
  return { root, faults, warnings, isWhole: root.entries.size > 0 || faults.length === 0 };
}

async function loadText(
  name: string,
  file: string,
  text: string,
  open: readonly string[],
  loading: Loading,
): Promise<MapNode> {
  const source = fileSource(name, text, dirname(resolve(file)));
  const parsed = parseSource(source);
  const filled = await interpolate(parsed.root, loading.files);
  loading.faults.push(...parsed.faults, ...filled.faults);
  const nothing: MapNode = { kind: 'map', span: { source, start: 0, end: 0 }, entries: new Map() };
  if (filled.root.kind !== 'map') {
    const message = 'the file must contain a mapping with top-level sections such as "outputs:"';
    loading.faults.push({ code: 'TIERCEL_CFG_TYPE', path: [], message, span: filled.root.span });
    return nothing;
  }
  const entries = new Map(filled.root.entries);
  const include = entries.get('include');
  entries.delete('include');
  let root: MapNode = { ...filled.root, entries };
  for (const pattern of patterns(include?.value, loading.faults)) {
    for (const path of await expand(pattern, loading)) {
      const included = await loadIncluded(path, pattern.span, open, loading);
      if (included) root = mergeFiles(root, included, [], loading.faults);
    }
  }
  return root;
}

async function loadIncluded(
  path: string,
  span: Span,
  open: readonly string[],
  loading: Loading,
): Promise<MapNode | undefined> {
  const name = shownName(path, loading);
  if (open.includes(path)) {
    const message = `circular include of ${name}${open.length > 1 ? ` (via ${open.length} files)` : ''}`;
    loading.faults.push({ code: 'TIERCEL_CFG_INCLUDE', path: ['include'], message, span });
    return undefined;
  }
  try {
    return await loadText(name, path, await loading.files.readFile(path), [...open, path], loading);
  } catch (error) {
    const message = `${name} cannot be read: ${describeFileError(error)}`;
    loading.faults.push({ code: 'TIERCEL_CFG_FILE', path: ['include'], message, span });
    return undefined;
  }
}

function patterns(include: Node | undefined, faults: Fault[]): ScalarNode[] {
  if (include === undefined || (include.kind === 'scalar' && include.value === null)) return [];
  const nodes = include.kind === 'list' ? include.items : [include];
  return nodes.filter((node): node is ScalarNode => {
    if (node.kind === 'scalar') reveal(node.span, false);
    const good = node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '';
    if (!good) {
      const message = 'must be a file, a directory or a pattern such as "conf.d/*.yaml"';
      faults.push({ code: 'TIERCEL_CFG_INCLUDE', path: ['include'], message, span: node.span });
    }
    return good;
  });
}

/** The files of a path, folder or pattern, sorted by name. */
async function expand(pattern: ScalarNode, { files, warnings, faults }: Loading): Promise<string[]> {
  const path = resolve(pattern.span.source.dir, String(pattern.value));
  const [folder, last] = [dirname(path), basename(path)];
  if (/[*?]/.test(folder)) {
    const message = '"*" and "?" are allowed only in the last part of a path';
    faults.push({ code: 'TIERCEL_CFG_INCLUDE', path: ['include'], message, span: pattern.span });
    return [];
  }
  if (!/[*?]/.test(last)) {
    const inside = await files.readDir(path).catch(() => undefined);
    return inside === undefined ? [path] : yamlFiles(inside).map((name) => join(path, name));
  }
  const matching = new RegExp(
    `^${last
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  );
  const names = await files.readDir(folder).catch(() => []);
  const found = [...names].filter((name) => matching.test(name) && !name.startsWith('.')).sort();
  if (found.length === 0) {
    const message = `no file matches ${String(pattern.value)}`;
    warnings.push({ code: 'TIERCEL_CFG_FILE', path: ['include'], message, span: pattern.span });
  }
  return found.map((name) => join(folder, name));
}

/** Hidden files are ignored: a mounted Kubernetes ConfigMap has its versions in `..data`. */
function yamlFiles(names: readonly string[]): string[] {
  return names.filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.')).sort();
}

function shownName(path: string, { mainFile, mainName }: Loading): string {
  return join(dirname(mainName), relative(dirname(resolve(mainFile)), path));
}

/** Merges two files: mappings are joined and lists appended. A value set twice, or an output in both files, is an error. */
function mergeFiles(into: MapNode, from: MapNode, path: Path, faults: Fault[]): MapNode {
  const entries = new Map<string, Entry>(into.entries);
  for (const [name, entry] of from.entries) {
    const old = entries.get(name);
    const here = [...path, name];
    const isOutput = path.length === 1 && path[0] === 'outputs';
    if (old === undefined || (old.value.kind === 'scalar' && old.value.value === null))
      entries.set(name, entry);
    else if (old.value.kind === 'map' && entry.value.kind === 'map' && !isOutput) {
      entries.set(name, { key: old.key, value: mergeFiles(old.value, entry.value, here, faults) });
    } else if (old.value.kind === 'list' && entry.value.kind === 'list') {
      entries.set(name, {
        key: old.key,
        value: { ...old.value, items: [...old.value.items, ...entry.value.items] },
      });
    } else if (!(entry.value.kind === 'scalar' && entry.value.value === null)) {
      faults.push({
        code: isOutput ? 'TIERCEL_CFG_DUPLICATE_OUTPUT' : 'TIERCEL_CFG_CONFLICT',
        path: here,
        message: isOutput ? `another file defines an output "${name}" as well` : 'is set in two files',
        span: entry.key,
        other: old.key,
      });
    }
  }
  return { ...into, entries };
}
