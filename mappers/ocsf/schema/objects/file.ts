import { enumId, object, opt, type Static, text } from './types.ts';

export const FILE_TYPES = {
  0: 'Unknown',
  1: 'Regular File',
  2: 'Folder',
  5: 'Local Socket',
  6: 'Named Pipe',
} as const;

export const file = (description: string) =>
  object(description, {
    name: text('Last part of the path.'),
    path: opt(text('The path.')),
    parent_folder: opt(text('The path without its last part.')),
    type: opt(text('Caption of type_id.')),
    type_id: enumId('Type', FILE_TYPES),
  });

export type File = Static<ReturnType<typeof file>>;
