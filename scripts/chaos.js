// Runs the chaos test: node scripts/chaos.js [--seconds N] [--seed N] [options of vitest]
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const rest = process.argv.slice(2);

/** Takes `--name VALUE` out of the arguments. */
function take(name) {
  const at = rest.indexOf(name);
  return at < 0 ? undefined : rest.splice(at, 2)[1];
}

const seconds = take('--seconds');
const seed = take('--seed');
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', '-c', 'vitest.chaos.config.ts', ...rest], {
  stdio: 'inherit',
  env: {
    ...process.env,
    ...(seconds && { CHAOS_SECONDS: seconds }),
    ...(seed && { CHAOS_SEED: seed }),
  },
});
process.exit(status ?? 1);
