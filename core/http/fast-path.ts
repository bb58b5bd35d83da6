import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../sdk/contract/logger.ts';
import { type AuthOptions, createAuth } from './auth.ts';
import { type Bodies, SMALL_BODY } from './body.ts';
import type { Ingest } from './ingest.ts';
import { lingerAfterAnswer } from './linger.ts';
import { problemOf } from './problem.ts';
import type { NoteRefusal } from './refusal-log.ts';
import { ofUnknownSender } from './refusals.ts';
import { sendProblem } from './responses.ts';

/** Answers a plain `POST /`; false leaves the request to the application. */
export type FastPath = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

export interface FastPathOptions {
  readonly ingest: Ingest;
  readonly bodies: Bodies;
  readonly auth?: AuthOptions;
  readonly noteRefusal?: NoteRefusal;
  readonly log: Logger;
}

/**
 * Handles `POST /` with one plain event, which nearly every request is, without a Fetch request and response: those cost as
 * much as parsing the event (bench/cases/ingest.ts). It does what the application does. A body that is large, compressed
 * or of unknown length is left to the application.
 */
export function createFastPath({ ingest, bodies, auth, noteRefusal, log }: FastPathOptions): FastPath {
  const check = auth === undefined ? undefined : createAuth(auth);
  const most = Math.min(SMALL_BODY, bodies.maxBody);

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    let gone: AbortSignal | undefined;
    const whenGone = () => {
      gone ??= goneOf(outgoing);
      return gone;
    };
    try {
      check?.(incoming.headers.authorization, ofUnknownSender('POST', '/'));
      await bodies.read({ incoming }, 'wait', (raw, waited) => ingest.one(raw, whenGone, waited));
      // 200 with `Content-Length: 0`, as the application answers.
      outgoing.end();
    } catch (error) {
      const problem = problemOf(error, log);
      noteRefusal?.(problem, incoming.socket.remoteAddress);
      lingerAfterAnswer(incoming, outgoing);
      // An unread body is skipped, so that the connection can be used again.
      incoming.resume();
      sendProblem(outgoing, problem);
    }
  };

  return (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    if (method !== 'POST' || url !== '/' || headers['content-encoding'] !== undefined) return false;
    // Without a length (NaN) this is false as well.
    if (!(Number(headers['content-length'] ?? Number.NaN) <= most)) return false;
    void handle(incoming, outgoing);
    return true;
  };
}

/** Aborts when the client disconnects before it has its answer. */
function goneOf(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (outgoing.destroyed) gone.abort();
  else outgoing.once('close', () => gone.abort());
  return gone.signal;
}
