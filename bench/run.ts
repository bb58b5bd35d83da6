/**
 * `npm run bench [-- names of cases...] [-- --long] [--rounds N]`: measures, prints, and, when all cases ran, writes
 * `bench/RESULTS.md`. Each case runs in a process of its own.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './lib/machine.ts';
import { ROOT } from './lib/process.ts';
import { type Case, HEAD, type Line, met, row } from './lib/report.ts';

/** Loaded only when their turn comes. */
const CASES: Readonly<Record<string, () => Promise<{ default: Case }>>> = {
  ingest: () => import('./cases/ingest.ts'),
  bulk: () => import('./cases/bulk.ts'),
  journal: () => import('./cases/journal.ts'),
  recovery: () => import('./cases/recovery.ts'),
  event: () => import('./cases/event.ts'),
  routing: () => import('./cases/routing.ts'),
  parquet: () => import('./cases/parquet.ts'),
  lake: () => import('./cases/lake.ts'),
  memory: () => import('./cases/memory.ts'),
  retained: () => import('./cases/retained.ts'),
  start: () => import('./cases/start.ts'),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    long: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    case: { type: 'string' },
  },
});

if (values.case !== undefined) {
  const { default: subject } = await CASES[values.case]!();
  const report = (line: Line) => console.log(JSON.stringify(line));
  await subject.run(report, { long: values.long, rounds: Number(values.rounds) });
  process.exit(0);
}

const names = positionals.length > 0 ? positionals : Object.keys(CASES);
const header = machine(Number(values.rounds));
const sections: string[] = [header, ''];
let reached = 0;
let missed = 0;
const begun = performance.now();
const failed: string[] = [];
console.log(header);
for (const name of names) {
  const make = CASES[name];
  if (make === undefined) throw new Error(`no case "${name}"; there are: ${Object.keys(CASES).join(', ')}`);
  const { default: subject } = await make();
  const started = performance.now();
  const head = `\n## ${subject.title}\n\n${subject.about}\n\n${HEAD}`;
  console.log(head);
  const lines = await runCase(name);
  reached += lines.filter((line) => met(line) === true).length;
  missed += lines.filter((line) => met(line) === false).length;
  const took = `\nTook ${((performance.now() - started) / 1000).toFixed(0)} s.`;
  console.log(took);
  sections.push(head, ...lines.map(row), took);
}
const seconds = Math.round((performance.now() - begun) / 1000);
const last = `Took ${Math.floor(seconds / 60)} min ${seconds % 60} s in all. ${reached} targets met, ${missed} missed.`;
console.log(`\n${last}`);
if (failed.length > 0) process.exitCode = 1;
else if (positionals.length === 0) {
  const about = `# What \`npm run bench\` measured\n\nEach ratio is against a baseline of the same run; the rates say little on another machine.\n`;
  writeFileSync(join(ROOT, 'bench', 'RESULTS.md'), `${about}\n${sections.join('\n')}\n\n${last}\n`);
}

async function runCase(name: string): Promise<Line[]> {
  const args = [fileURLToPath(import.meta.url), '--case', name, '--rounds', values.rounds];
  const child = spawn(process.execPath, values.long ? [...args, '--long'] : args, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Line[] = [];
  let rest = '';
  for await (const chunk of child.stdout) {
    const texts = (rest + chunk).split('\n');
    rest = texts.pop()!;
    for (const text of texts) {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      console.log(row(line));
    }
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  if (code !== 0) {
    failed.push(name);
    console.log(`\nThe case "${name}" failed.`);
  }
  return lines;
}
