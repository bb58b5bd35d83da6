import { filterQuery } from '../operations/filter.ts';
import { OperationError, type Operations } from '../operations/operations.ts';
import type {
  DeadLetterDetails,
  DeadLetterSummary,
  JournalReport,
  ReplayResult,
} from '../operations/report.ts';
import { type Poster, refusal } from './post.ts';

/** The operations of a running instance, asked over HTTP. */
export function remoteOperations(poster: Poster, url: string): Operations {
  async function ask<T>(method: string, path: string): Promise<T> {
    const answer = await poster.call(method, path);
    if (answer.status === 200) return JSON.parse(answer.body) as T;
    throw refusal(url, answer);
  }

  return {
    async *deadLetters(filter) {
      for await (const line of poster.lines(withQuery('/dead-letters', filterQuery(filter))))
        yield JSON.parse(line) as DeadLetterSummary;
    },
    async deadLetter(id) {
      const answer = await poster.get(`/dead-letters/${id}`);
      if (answer.status === 404 && answer.body.includes('"field":"id"')) return undefined;
      if (answer.status !== 200) throw refusal(url, answer);
      return JSON.parse(answer.body) as DeadLetterDetails;
    },
    replay: (filter) => ask<ReplayResult>('POST', withQuery('/dead-letters/replay', filterQuery(filter))),
    async drop(filter) {
      const query = filterQuery(filter) || 'all=true';
      return (await ask<{ dropped: number }>('DELETE', withQuery('/dead-letters', query))).dropped;
    },
    journal: () => ask<JournalReport>('GET', '/journal'),
    async forget(output) {
      const path = `/journal/orphans/${encodeURIComponent(output)}`;
      const answer = await poster.call('DELETE', path);
      if (answer.status === 200) return (JSON.parse(answer.body) as { forgotten: number }).forgotten;
      const kind = answer.status === 409 ? 'conflict' : answer.status === 404 ? 'not_found' : undefined;
      const { message } = refusal(url, answer);
      throw kind === undefined ? new Error(message) : new OperationError(kind, message);
    },
  };
}

function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}
