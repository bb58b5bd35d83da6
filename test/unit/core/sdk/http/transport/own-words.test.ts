import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../../../../../core/sdk/http/transport/failure.ts';
import { redactor } from '../../../../../../core/sdk/http/transport/redact.ts';
import { fromResponse } from '../../../../../../core/sdk/http/transport/response.ts';

describe('the own sentences of the framework', () => {
  it.each([
    ['there', describeFailure({ code: 'ECONNREFUSED' })],
    ['oauth2', 'auth.oauth2: login.internal:9443 answered 405 Method Not Allowed'],
    ['token', 'auth.oauth2: login.internal:9443 gave no token: ECONNREFUSED: nothing listens there'],
    [
      'address',
      'answered 307 Temporary Redirect; redirects are not followed: write the address it points to into the configuration',
    ],
  ])('keep the word %j', (secret, sentence) => {
    expect(redactor([secret])(sentence)).toBe(sentence);
  });

  it('keep the phrase of a status, which the body may not repeat', async () => {
    const answer = new Response('no user Unauthorized', { status: 401, statusText: 'Unauthorized' });
    const { reason } = (await fromResponse(answer)) as { reason: string };
    expect(redactor(['Unauthorized'])(reason)).toBe('answered 401 Unauthorized: no user ***');
  });

  it('hide no secret that is longer than they are, or only begins in them', () => {
    const redact = redactor(['nothing listens there, Ann', 'there-99']);
    expect(redact('ECONNREFUSED: nothing listens there, Ann')).toBe('ECONNREFUSED: ***');
    expect(redact('ECONNREFUSED: nothing listens there-99')).toBe('ECONNREFUSED: nothing listens ***');
  });
});
