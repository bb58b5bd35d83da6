// The long tier: what must run for long, with a random seed that is printed. `SEED=<n> npm run test:long` repeats a run;
// `npm run test:long -- NAME...` runs the named steps only.
import { spawnSync } from 'node:child_process';

/** Each step is a command that takes SEED from the environment and fails with an exit code. */
const STEPS = {
  shuffled: ['npx', 'vitest', 'run', '-c', 'vitest.long.config.ts'],
  chaos: ['node', 'scripts/chaos.js', '--seconds', '900'],
  soak: ['npm', 'run', '--silent', 'soak'],
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in STEPS));
if (unknown.length > 0) {
  console.error(`no step is named ${unknown.join(', ')}; the steps are ${Object.keys(STEPS).join(', ')}`);
  process.exit(2);
}

const seed = process.env.SEED || String(Math.trunc(Math.random() * 2 ** 31));
console.log(`SEED=${seed}`);

const failed = [];
for (const [name, [command, ...args]] of Object.entries(STEPS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const started = Date.now();
  console.log(`\n=== ${name}`);
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, SEED: seed, CHAOS_SEED: seed },
  });
  console.log(
    `--- ${name}: ${status === 0 ? 'passed' : 'failed'}, ${Math.round((Date.now() - started) / 1000)} s`,
  );
  if (status !== 0) failed.push(name);
}

if (failed.length > 0) {
  console.error(`failed. To repeat it: SEED=${seed} npm run test:long -- ${failed.join(' ')}`);
  process.exit(1);
}
