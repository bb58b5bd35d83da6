import { createRequire } from 'node:module';

// By the package's own name: the file is one folder up from the sources and two from the compiled program.
const { version } = createRequire(import.meta.url)('tiercel/package.json') as { version: string };

/**
 * The version of this package.
 *
 * @example
 * const headers = { 'user-agent': `tickets (Tiercel ${VERSION})` };
 */
export const VERSION = version;
