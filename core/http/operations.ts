import type { Context, Hono } from 'hono';
import type { DeadLetterFilter } from '../dead-letters/store.ts';
import { JournalFullError } from '../journal/journal.ts';
import { FILTER_NAMES, parseFilter } from '../operations/filter.ts';
import { OperationError, type Operations } from '../operations/operations.ts';
import type { Tap } from '../operations/tap.ts';
import { Problem } from './problem.ts';
import { json, ndjson } from './responses.ts';
import type { Env } from './server.ts';

/** Dependencies of the routes. */
export interface OperationsOptions {
  readonly operations: Operations;
  readonly tap: Tap;
  /** The names of the outputs that can be tapped. */
  readonly outputs: () => readonly string[];
  /** Epoch milliseconds, for `since=2h`. */
  readonly now: () => number;
}

/** Paths that do not answer HEAD: their answer to GET has no end. */
export const GET_ONLY: ReadonlySet<string> = new Set(['/tap']);

/** Adds the routes of operators to a guarded listener: dead letters, journal, tap. */
export function serveOperations(app: Hono<Env>, options: OperationsOptions): void {
  const { operations, tap, now } = options;

  app.get('/dead-letters', (c) => ndjson(operations.deadLetters(filterOf(c, now()))));

  app.get('/dead-letters/:id', async (c) => {
    const id = c.req.param('id');
    const letter = /^\d{1,16}$/.test(id) ? await operations.deadLetter(Number(id)) : undefined;
    if (letter !== undefined) return json(200, letter);
    throw new Problem(404, { code: 'not_found', field: 'id', reason: `there is no dead letter ${id}` });
  });

  app.post('/dead-letters/replay', async (c) => {
    try {
      return json(200, await operations.replay(filterOf(c, now())));
    } catch (error) {
      if (!(error instanceof JournalFullError)) throw error;
      const reason = `the journal is full; what was not handed back is still there: ${error.message}`;
      throw new Problem(429, { code: 'no_room', reason, hint: 'ask again when there is room' });
    }
  });

  app.delete('/dead-letters', async (c) => {
    const isAll = c.req.query('all') === 'true';
    const filter = filterOf(c, now(), ['all']);
    if (Object.keys(filter).length === 0 && !isAll) {
      const reason = 'this would drop all dead letters';
      throw new Problem(400, { code: 'bad_request', reason, hint: 'give a filter, or all=true' });
    }
    return json(200, { dropped: await operations.drop(filter) });
  });

  app.get('/journal', async () => json(200, await operations.journal()));

  app.delete('/journal/orphans/:output', async (c) => {
    const output = c.req.param('output');
    try {
      return json(200, { output, forgotten: await operations.forget(output) });
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      const status = error.kind === 'not_found' ? 404 : 409;
      throw new Problem(status, { code: error.kind, field: 'output', reason: error.message });
    }
  });

  app.get('/tap', (c) => {
    // Hono answers HEAD with this handler and never reads or cancels the body: the tap would stay open.
    if (c.req.method === 'HEAD') return c.notFound();
    checkNames(c, ['output']);
    const output = c.req.query('output');
    const known = options.outputs();
    if (output !== undefined && !known.includes(output)) {
      const hint = `outputs: ${known.join(', ') || 'none'}`;
      const reason = `there is no output ${JSON.stringify(output)}`;
      throw new Problem(404, { code: 'not_found', field: 'output', reason, hint });
    }
    const stream = tap.open(output);
    if (stream === undefined)
      throw new Problem(503, { code: 'too_many', reason: 'too many look already', hint: 'close a tap' });
    return new Response(stream, { headers: { 'content-type': 'application/x-ndjson' } });
  });
}

function filterOf(c: Context<Env>, now: number, more: readonly string[] = []): DeadLetterFilter {
  checkNames(c, [...FILTER_NAMES, ...more]);
  const { output, reason, since, until } = c.req.query();
  const filter = parseFilter({ output, reason, since, until, id: c.req.queries('id') ?? [] }, now);
  if (!filter.ok) throw new Problem(400, { code: 'bad_request', reason: filter.reason });
  return filter.value;
}

/** Rejects unknown parameters: a misspelt filter must not select everything. */
function checkNames(c: Context<Env>, known: readonly string[]): void {
  const unknown = Object.keys(c.req.query()).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const reason = `unknown parameter ${JSON.stringify(unknown)}`;
  throw new Problem(400, {
    code: 'bad_request',
    field: unknown,
    reason,
    hint: `known: ${known.join(', ')}`,
  });
}
