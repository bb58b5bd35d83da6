import fc from 'fast-check';

/**
 * Property tests are the same on every run, so that a red test is the change's doing; `SEED=random` or `SEED=123` explores.
 * A failure prints its seed and path.
 */
const wanted = process.env.SEED;
const seed = wanted === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(wanted ?? 20261123);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
