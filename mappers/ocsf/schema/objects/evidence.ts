import { api, url } from './api.ts';
import { file } from './file.ts';
import { connectionInfo, endpoint } from './network.ts';
import { process } from './process.ts';
import { list, object, opt, type Static, text } from './types.ts';
import { user } from './user.ts';

const actor = object(
  'Who did it.',
  {
    process: opt(process),
    user: opt(user('The user, where it is not the user of a process.')),
    authorizations: opt(
      list(object('A decision.', { decision: text('allow or forbid.') }), 'Authorization decisions.'),
    ),
  },
  { atLeastOne: ['process', 'user'] },
);

export const evidence = object(
  'What was seen.',
  {
    actor: opt(actor),
    api: opt(api()),
    connection_info: opt(connectionInfo),
    src_endpoint: opt(endpoint('The client.')),
    dst_endpoint: opt(endpoint('The server.')),
    file: opt(file('The file, directory, socket or pipe that was touched.')),
    url: opt(url),
  },
  {
    atLeastOne: ['actor', 'api', 'connection_info', 'dst_endpoint', 'file', 'src_endpoint', 'url'],
  },
);

export type Evidence = Static<typeof evidence>;
