import {
  abortable,
  defineOutput,
  delivered,
  printableJson,
  recordJson,
  retry,
  Type,
} from '../core/sdk/index.ts';

/** Prints each record as a line of JSON. */
export default defineOutput({
  apiVersion: 1,
  type: 'stdout',
  summary: 'Prints each event as a line of JSON on standard output.',
  category: 'local',
  stability: 'stable',
  options: Type.Object({}),
  examples: [{ title: 'Minimal', options: {} }],
  batch: { events: 100, every: 100 },
  mapper: 'falco',
  ordering: 'partition',
  notes: `A batch is delivered when standard output has taken it: a reader that stops reading holds the output back, and
nothing else. A closed pipe is retried. On a terminal,
characters that would move its cursor or are invisible are written as JSON escapes; the values stay the same. The log goes to standard error, so that the lines can be piped.`,
  create(_options, { mapper }) {
    const toJson = recordJson(mapper);
    /** The write that is under way, also when its attempt was given up: it cannot be taken back. */
    let writing: { readonly id: string; readonly done: Promise<Error | undefined> } | undefined;

    return {
      async deliver({ id, records }, signal) {
        const lines = records.map((record) => `${toJson(record)}\n`).join('');
        try {
          // A second write beside it would only make the buffer grow.
          if (writing !== undefined && writing.id !== id) await abortable(writing.done, signal);
          if (writing?.id !== id) writing = { id, done: write(lines) };
          const failure = await abortable(writing.done, signal);
          writing = undefined;
          return failure === undefined ? delivered() : retry(`standard output: ${failure.message}`);
        } catch {
          return retry('standard output: the reader does not read');
        }
      },
      async *diagnose() {
        yield {
          status: 'ok',
          what: 'standard output',
          line: 'belongs to the process: nothing to connect to',
        };
      },
    };
  },
});

/** Resolves when standard output has taken the lines, or with the reason why it has not. */
function write(lines: string): Promise<Error | undefined> {
  const { stdout } = process;
  return new Promise((resolve) => {
    // The stream says a failure to the callback and then as an event; unheard, the event would end the process.
    const heard = () => {};
    stdout.on('error', heard);
    stdout.write(stdout.isTTY ? printableJson(lines) : lines, (error) => {
      setImmediate(() => stdout.off('error', heard));
      resolve(error ?? undefined);
    });
  });
}
