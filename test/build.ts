import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Worker threads and end-to-end tests run the compiled program: compile it once before the tests. */
export default function build(): void {
  if (process.env.TIERCEL_SKIP_BUILD) return;
  const script = fileURLToPath(new URL('../scripts/build.js', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the build failed: see above');
}
