import type { Logger } from '../telemetry/logger.ts';
import type { FileSystem } from './filesystem.ts';
import type { Quarantine } from './quarantine.ts';

/** What every step of a recovery works with. */
export interface RecoverOptions {
  readonly fs: FileSystem;
  readonly directory: string;
  readonly cursorDirectory: string;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}

/** What was found damaged, counted. */
export interface Tally {
  corruptFrames: number;
  recoveredBytes: number;
}
