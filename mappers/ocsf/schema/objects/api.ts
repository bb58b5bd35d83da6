import { requestedContainer } from './container.ts';
import { integer, list, type Notes, object, opt, type Static, text } from './types.ts';

export const api = (notes: Notes = {}) =>
  object(
    'The API call.',
    {
      operation: text('What was called: a verb, an operation.'),
      version: opt(text('API version.')),
      service: opt(
        object(
          'The service that was called.',
          { name: text('Name of the service.') },
          { atLeastOne: ['name'] },
        ),
      ),
      request: opt(
        object('The request.', {
          uid: text("The service's id of the request, to join its own logs."),
          containers: opt(list(requestedContainer, 'The containers of a pod that it asks for.')),
        }),
      ),
      response: opt(
        object('The response.', {
          code: opt(integer('Status code.')),
          error: opt(text('Error code.')),
          error_message: opt(text('Error message.')),
          message: opt(text('Reason of the status.')),
        }),
      ),
    },
    notes,
  );

export const url = object(
  'The URL that was asked for.',
  { path: text('Path.'), query_string: opt(text('What stands behind the ?.')) },
  { since: '1.3.0' },
);

export type Api = Static<ReturnType<typeof api>>;
export type Url = Static<typeof url>;
