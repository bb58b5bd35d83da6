// Preloaded: notes each module that is loaded, ESM or CommonJS, a line each, in the file BENCH_IMPORTS names.
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';

const file = process.env.BENCH_IMPORTS!;
const hooks = `
import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  appendFileSync(${JSON.stringify(file)}, url + '\\n');
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
process.on('exit', () => {
  for (const path of Object.keys(createRequire(import.meta.url).cache))
    appendFileSync(file, `file://${path}\n`);
});
