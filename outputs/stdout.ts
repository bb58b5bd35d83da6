import { defineOutput, delivered, printableJson, recordJson, retry, Type } from '../core/index.ts';

/** Prints each record as a line of JSON. */
export default defineOutput({
  apiVersion: 1,
  type: 'stdout',
  summary: 'Prints each event as a line of JSON on standard output.',
  options: Type.Object({}, { additionalProperties: false }),
  examples: [{ title: 'Minimal', options: {} }],
  batch: { events: 100, every: 100 },
  mapper: 'falco',
  ordering: 'partition',
  notes: `A batch is delivered when standard output has taken it: a reader that stops reading holds the output back, and
nothing else. A closed pipe is retried. On a terminal,
characters that would move its cursor or are invisible are written as JSON escapes; the values stay the same. The log goes to standard error, so that the lines can be piped.`,
  create(_options, { mapper }) {
    const toJson = recordJson(mapper);
    return {
      deliver: ({ records }, signal) =>
        new Promise((resolve) => {
          const { stdout } = process;
          const settle = (error?: Error | null) => {
            stdout.off('error', heard);
            signal.removeEventListener('abort', stopped);
            resolve(error ? retry(`standard output: ${error.message}`) : delivered());
          };
          // The stream says a failure to the callback and as an event; unheard, the event would end the process.
          const heard = () => {};
          const stopped = () => settle(new Error('the reader does not read'));
          stdout.once('error', heard);
          signal.addEventListener('abort', stopped, { once: true });
          const lines = records.map((record) => `${toJson(record)}\n`).join('');
          stdout.write(stdout.isTTY ? printableJson(lines) : lines, settle);
        }),
    };
  },
});
