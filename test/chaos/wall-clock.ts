import { writeFileSync } from 'node:fs';

const SHIM = new URL('./wall-clock-shim.js', import.meta.url).href;

/** The wall clock of the program under test. */
export interface WallClock {
  /** The environment that puts the program under this clock. */
  readonly env: Readonly<Record<string, string>> & { readonly NODE_OPTIONS: string };
  /** From now on the program's clock differs from the true one by this many seconds. */
  jump(seconds: number): void;
}

/** @param file where the clock's offset is kept */
export function createWallClock(file: string): WallClock {
  const jump = (seconds: number): void => writeFileSync(file, String(seconds));
  jump(0);
  return { env: { CHAOS_CLOCK: file, NODE_OPTIONS: `--import ${SHIM}` }, jump };
}
