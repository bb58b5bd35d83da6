import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives the tests a temporary folder of their own and removes it after them, with all that they left. */
export default function temporary(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-test-'));
  // A test runs a command as another user.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
