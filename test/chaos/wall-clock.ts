import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const LIBRARY = fileURLToPath(new URL('../../.cache/libfaketime.so.1', import.meta.url));

/** The wall clock of the program under test; the monotonic one goes on as it should. */
export interface WallClock {
  /** False where libfaketime is not installed: the clock then stays as it is. */
  readonly movable: boolean;
  /** The environment that puts the program under this clock. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on the program's clock differs from the true one by so many seconds. */
  jump(seconds: number): void;
}

/** @param file where the clock's offset is kept */
export function createWallClock(file: string): WallClock {
  const movable = existsSync(LIBRARY);
  const jump = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}`);
  jump(0);
  const env = {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  return { movable, env: movable ? env : {}, jump };
}
