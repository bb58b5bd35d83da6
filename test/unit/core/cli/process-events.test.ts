import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('../../../../dist/core/cli/process-events.js', import.meta.url));

/** Warns in a process of its own: this one's listeners are the test runner's. */
function warn(flags: readonly string[]): string {
  const script = `
    import { onProcessWarning } from ${JSON.stringify(MODULE)};
    onProcessWarning(() => { throw new Error('replaced by the next one'); });
    onProcessWarning((line) => process.stderr.write('<' + line + '>'));
    process.emitWarning('one\\n  two', 'SdkWarning');
    process.emitWarning('plain');`;
  return spawnSync(process.execPath, [...flags, '--input-type=module', '-e', script], { encoding: 'utf8' })
    .stderr;
}

it('tells each warning in one line, once', () => {
  expect(warn([])).toBe('<SdkWarning: one two><plain>');
});

it('keeps silent where Node was told to', () => {
  expect(warn(['--no-warnings'])).toBe('');
});
