import type { Fields } from '../fields.ts';
import { FILE_TYPES, type File } from '../schema/objects.ts';

type FileType = keyof typeof FILE_TYPES;

/** Falco's fd.type of things that have a path. */
const FD_TYPES: Readonly<Record<string, FileType>> = { file: 1, directory: 2, unix: 5, pipe: 6 };

/** A file of a path; its name is the last part. */
export function fileOf(path: string, type: FileType): File {
  const end = path.endsWith('/') && path.length > 1 ? path.length - 1 : path.length;
  const slash = path.lastIndexOf('/', end - 1);
  const folder = slash > 0 ? path.slice(0, slash) : slash === 0 && path.length > 1 ? '/' : undefined;
  return {
    name: path.slice(slash + 1, end) || path,
    path,
    parent_folder: folder,
    type: FILE_TYPES[type],
    type_id: type,
  };
}

/**
 * The file behind `fd.name`. Many rules print the name without `fd.type`: then an absolute path is a file of
 * unknown type. `fd.name` of a unix socket is two addresses and a path.
 */
export function fdFile(fields: Fields): File | undefined {
  const name = fields.peek('fd.name');
  if (name === undefined) return undefined;
  const kind = fields.peek('fd.type');
  const type: FileType | undefined =
    kind === undefined ? (name.startsWith('/') ? 0 : undefined) : FD_TYPES[kind];
  if (type === undefined) return undefined;
  const path = type === 5 ? name.slice(name.lastIndexOf(' ') + 1) : name;
  if (type === 5 && !path.startsWith('/')) return undefined;
  // The addresses of a socket have no column: its fd.name stays in unmapped.
  if (path === name) fields.take('fd.name');
  if (kind !== undefined) fields.take('fd.type');
  const file = fileOf(path, type);
  fields.takeIfEqual(file.name, 'fd.filename');
  fields.takeIfEqual(file.parent_folder, 'fd.directory');
  return file;
}
