import { email, enumId, list, type Notes, object, opt, type Static, text } from './types.ts';

export const account = object(
  'The cloud account.',
  {
    uid: opt(text('Account id.')),
    name: opt(text('Account name.')),
    type: opt(text('Caption of type_id.')),
    type_id: opt(enumId('Type', { 10: 'AWS Account', 11: 'GCP Project' }, { sinceById: { 11: '1.5.0' } })),
  },
  { atLeastOne: ['name', 'uid'] },
);

export const group = (description: string, notes: Notes = {}) =>
  object(
    description,
    { name: opt(text('Name of the group.')), uid: opt(text('Id of the group.')) },
    { atLeastOne: ['name', 'uid'], ...notes },
  );

export const user = (description: string) =>
  object(
    description,
    {
      name: opt(text('User name.')),
      uid: opt(text('User id: a number on Linux, an ARN on AWS.')),
      uid_alt: opt(text('A second id: the AWS principal id.')),
      email_addr: opt(email('E-mail address.')),
      type: opt(text("Caption of type_id; with 99 the source's own word.")),
      type_id: opt(enumId('Type', { 2: 'Admin', 99: 'Other' })),
      account: opt(account),
      groups: opt(list(group('A group of the user.'), 'Groups of the user.')),
    },
    { atLeastOne: ['account', 'name', 'uid'] },
  );

export type Account = Static<typeof account>;
export type User = Static<ReturnType<typeof user>>;
