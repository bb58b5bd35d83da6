import { enumId, object, opt, type Static, text } from './types.ts';

/** The observable types that this mapper uses; 13 is new in 1.2. */
export const OBSERVABLES = {
  1: 'Hostname',
  2: 'IP Address',
  4: 'User Name',
  7: 'File Name',
  9: 'Process Name',
  10: 'Resource UID',
  13: 'Command Line',
} as const;

export const observable = object('A pointer at a value in the record.', {
  name: text('Path of the attribute.'),
  type: opt(text('Caption of type_id.')),
  type_id: enumId('Type', OBSERVABLES, { sinceById: { 13: '1.3.0' } }),
  value: opt(text('The value there.')),
});

export type Observable = Static<typeof observable>;
