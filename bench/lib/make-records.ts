// Stores OCSF records as NDJSON for all that encode them: `make-records.js <file> <rows>`. Making
// them costs more than encoding them.
import { closeSync, openSync, writeSync } from 'node:fs';
import { findings } from './records.ts';

const CHUNK = 1_000;
const [file, rows] = process.argv.slice(2);
const handle = openSync(file!, 'w');
const { make } = findings();
for (let first = 0; first < Number(rows); first += CHUNK) {
  const lines = Array.from({ length: CHUNK }, (_, n) => JSON.stringify({ ...make(first + n) }));
  writeSync(handle, `${lines.join('\n')}\n`);
}
closeSync(handle);
console.log(rows);
