// Runs the chaos test: node scripts/chaos.js [--seconds N] [--seed N] [--rate N] [--only REGEXP] [--evidence FOLDER] [options of vitest]
//
// --seconds   how long faults are made (60)
// --seed      chooses the faults; the same seed gives the same choices
// --rate      events per second at most (1500)
// --only      the faults whose names match (all)
// --evidence  where the folder of a failed run is copied to: state directory, log and configuration of the program
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { runGuarded } from './guard.js';

const rest = process.argv.slice(2);

/** Takes `--name VALUE` out of the arguments. */
function take(name) {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest.splice(at, 2)[1];
}

const env = { ...process.env };
for (const name of ['seconds', 'seed', 'rate', 'only']) {
  const value = take(`--${name}`);
  if (value !== undefined) env[`CHAOS_${name.toUpperCase()}`] = value;
}
const evidence = take('--evidence');
if (evidence !== undefined) env.CHAOS_EVIDENCE = resolve(evidence);
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const args = [vitest, 'run', '-c', 'vitest.chaos.config.ts', ...rest];
process.exit(await runGuarded(process.execPath, args, env));
