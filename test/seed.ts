import fc from 'fast-check';
import { runs } from './support/runs.ts';

/** vitest.config.ts sets SEED. A property that fails prints the seed, and the path that repeats that one case. */
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.SEED), numRuns: runs(100) });
