import { describe } from 'vitest';
import { findJava } from './java.ts';
import { findProgram } from './servers/server.ts';

/** What a group of tests needs on the machine; scripts/services-install.sh installs all of it. */
export interface Needs {
  /** Names of programs in `.cache/bin` or the PATH, or paths from the repository's root. */
  readonly programs: readonly string[];
  /** The least version of Java, where one is needed. */
  readonly java?: number;
}

/**
 * Like `describe`, for tests that need a real server. Where it cannot be had the group is skipped and says why;
 * in CI it fails: nobody notices a tier that quietly tests nothing.
 */
export function describeWith({ programs, java }: Needs, title: string, tests: () => void): void {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  if (java !== undefined && findJava(java) === undefined) missing.push(`Java ${java}`);
  if (missing.length === 0) {
    describe(title, tests);
    return;
  }
  const reason = `${missing.join(', ')} not found: run scripts/services-install.sh`;
  if (process.env.CI === 'true') throw new Error(`${title}: ${reason}`);
  console.warn(`skipped: ${title}: ${reason}`);
  describe.skip(title, tests);
}
