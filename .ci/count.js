// Prints "PASSED FAILED" of one tier of CI.
//
//   node .ci/count.js FOLDER STATUS
//
// FOLDER holds the tier's `log` and, if it ran vitest, `vitest.json`; STATUS is its exit code.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, status] = [process.argv[2], Number(process.argv[3])];

function counts() {
  const report = join(folder, 'vitest.json');
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    // A file that does not load fails without a test of its own.
    return [numPassedTests, numFailedTests || numFailedTestSuites];
  }
  const summary = /^(\d+) of (\d+) runtimes work$/m.exec(readFileSync(join(folder, 'log'), 'utf8'));
  if (summary) return [Number(summary[1]), Number(summary[2]) - Number(summary[1])];
  return status === 0 ? [1, 0] : [0, 1];
}

function readable() {
  try {
    return counts();
  } catch {
    return [0, 1];
  }
}

const [passed, failed] = readable();
console.log(passed, status === 0 ? failed : Math.max(failed, 1));
