import type { Logger } from '../../telemetry/logger.ts';
import type { Quarantine } from '../quarantine.ts';
import type { SteadyFileSystem } from '../steady.ts';

/** What every step of a recovery works with. */
export interface RecoverOptions {
  readonly fs: SteadyFileSystem;
  readonly directory: string;
  readonly cursorDirectory: string;
  readonly quarantine: Quarantine;
  readonly log: Logger;
}

/** What was found damaged, counted. */
export interface DamageCounts {
  corruptFrames: number;
  recoveredBytes: number;
  quarantinedFiles: number;
}
