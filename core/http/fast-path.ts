import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../sdk/contract/logger.ts';
import { type AuthOptions, createAuth } from './auth.ts';
import { type Bodies, SMALL_BODY } from './body.ts';
import type { Ingest } from './ingest.ts';
import { lingerAfterAnswer } from './linger.ts';
import { problemOf, sendProblem } from './problem.ts';
import type { NoteRefusal } from './refusal-log.ts';
import { ofUnknownSender } from './refusals.ts';

/** Answers a request that it knows to be its own; false leaves it to the application. */
export type Direct = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

export interface DirectOptions {
  readonly ingest: Ingest;
  readonly bodies: Bodies;
  readonly auth?: AuthOptions;
  readonly noteRefusal?: NoteRefusal;
  readonly log: Logger;
}

/**
 * The way of nearly every request, `POST /` with one plain event, without a Fetch request and response, which cost as
 * much as parsing the event. It does what the application does; what is out of the ordinary (large, compressed or
 * of unknown length) is left to that.
 */
export function createDirect({ ingest, bodies, auth, noteRefusal, log }: DirectOptions): Direct {
  const check = auth === undefined ? undefined : createAuth(auth);
  const most = Math.min(SMALL_BODY, bodies.maxBody);

  const take = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    let gone: AbortSignal | undefined;
    const whenGone = () => {
      gone ??= goneOf(outgoing);
      return gone;
    };
    try {
      check?.(incoming.headers.authorization, ofUnknownSender('POST', '/'));
      await bodies.read({ incoming }, 'wait', (raw, waited) => ingest.one(raw, whenGone, waited));
      // 200 with `Content-Length: 0`, as the application answers; headers given to node:http are checked one by one.
      outgoing.end();
    } catch (error) {
      const problem = problemOf(error, log);
      noteRefusal?.(problem, incoming.socket.remoteAddress);
      lingerAfterAnswer(incoming, outgoing);
      // A body that was not read is passed over, so that the connection can be used again.
      incoming.resume();
      sendProblem(outgoing, problem);
    }
  };

  return (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    if (method !== 'POST' || url !== '/' || headers['content-encoding'] !== undefined) return false;
    // Without a length (NaN) this is false as well.
    if (!(Number(headers['content-length'] ?? Number.NaN) <= most)) return false;
    void take(incoming, outgoing);
    return true;
  };
}

/** Aborts when the client goes away before it has its answer. */
function goneOf(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (outgoing.destroyed) gone.abort();
  else outgoing.once('close', () => gone.abort());
  return gone.signal;
}
