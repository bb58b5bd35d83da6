import type { Fields } from './fields.ts';

export type FileKind = 'file' | 'directory' | 'socket' | 'pipe';

/** A path, and what its parts are called. */
export interface Path {
  readonly path: string;
  readonly name: string;
  readonly folder: string | undefined;
}

/** What `fd.name` names; the kind is unknown where no rule printed it. */
export interface TouchedFile extends Path {
  readonly kind: FileKind | undefined;
}

/** Falco's fd.type of things that have a path. */
const KINDS: ReadonlyMap<string, FileKind> = new Map([
  ['file', 'file'],
  ['directory', 'directory'],
  ['unix', 'socket'],
  ['pipe', 'pipe'],
]);

/** @example splitPath('/etc/shadow') // { path: '/etc/shadow', name: 'shadow', folder: '/etc' } */
export function splitPath(path: string): Path {
  const end = path.endsWith('/') && path.length > 1 ? path.length - 1 : path.length;
  const slash = path.lastIndexOf('/', end - 1);
  const folder = slash > 0 ? path.slice(0, slash) : slash === 0 && path.length > 1 ? '/' : undefined;
  return { path, name: path.slice(slash + 1, end) || path, folder };
}

/**
 * The file behind `fd.name`. Many rules print the name without `fd.type`: then an absolute path is a file of
 * unknown kind. `fd.name` of a unix socket is two addresses and a path.
 */
export function touchedFile(fields: Fields): TouchedFile | undefined {
  const name = fields.peek('fd.name');
  if (name === undefined) return undefined;
  const type = fields.peek('fd.type');
  const kind = type === undefined ? undefined : KINDS.get(type);
  if (kind === undefined && (type !== undefined || !name.startsWith('/'))) return undefined;
  const path = kind === 'socket' ? name.slice(name.lastIndexOf(' ') + 1) : name;
  if (kind === 'socket' && !path.startsWith('/')) return undefined;
  // The addresses of a socket have no column: its fd.name stays with the rest.
  if (path === name) fields.take('fd.name');
  if (type !== undefined) fields.take('fd.type');
  const parts = splitPath(path);
  fields.takeIfEqual(parts.name, 'fd.filename');
  fields.takeIfEqual(parts.folder, 'fd.directory');
  return { path, name: parts.name, folder: parts.folder, kind };
}
