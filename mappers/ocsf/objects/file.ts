import { type FileKind, type Path, splitPath } from '../../falco-fields/file.ts';
import { FILE_TYPES, type File } from '../schema/objects/file.ts';

const TYPES: Readonly<Record<FileKind, keyof typeof FILE_TYPES>> = {
  file: 1,
  directory: 2,
  socket: 5,
  pipe: 6,
};

/** A path as OCSF's `file`. */
export function fileOf({ path, name, folder }: Path, kind: FileKind | undefined): File {
  const type = kind === undefined ? 0 : TYPES[kind];
  return { name, path, parent_folder: folder, type: FILE_TYPES[type], type_id: type };
}

/** The file that a program is started from. */
export function executableOf(path: string | undefined): File | undefined {
  return path === undefined ? undefined : fileOf(splitPath(path), 'file');
}
