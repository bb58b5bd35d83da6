import type { Logger } from '../../sdk/contract/logger.ts';
import type { CursorState } from '../cursor/state.ts';
import type { CursorWriter } from '../cursor/writer.ts';
import type { ManifestLog } from '../manifests/log.ts';
import type { Extent, ExtentFile } from '../segments/extent.ts';

/** The losses that a start has found. */
export interface FoundLosses {
  /** One for each output. They hold the losses that no subscription has reported yet. */
  readonly cursors: Map<string, CursorState>;
  /** Events are missing: the cursors have to be saved before {@link cleanUp}. */
  readonly isIncomplete: boolean;
  readonly extent: Extent;
  /** Segments at an end of the extent that was found are missing; they are counted. */
  readonly endsMissing: boolean;
  /**
   * Removes what tells of the losses: bytes that do not count, indexes of missing segments, old indexes of damaged ones. Call
   * it when the cursors with the losses are on stable storage: a start that dies before finds the same again. Never rejects.
   */
  cleanUp(): Promise<void>;
}

/** Did this opening of the journal find that damage took events of the output? */
export function hasLosses({ gone, doubtful, doubtfulEvents }: CursorState): boolean {
  return gone.count + doubtful.count + doubtfulEvents > 0;
}

/** Logs what each output has lost. */
export function logLosses(cursors: Iterable<CursorState>, log: Logger): void {
  for (const { output, gone, doubtful, doubtfulEvents } of cursors) {
    const atMost = doubtful.count + doubtfulEvents;
    if (gone.count > 0)
      log.error({ output, lost: gone.count }, `${gone.count} pending events of output "${output}" are lost`);
    if (atMost > 0)
      log.error({ output, at_most: atMost }, `up to ${atMost} events of output "${output}" may be lost`);
  }
}

/**
 * Writes the losses to the cursors, and only then removes what told of them: a start that dies in between finds them again.
 * Each is reported by the first subscription of its output, in whichever process that is.
 */
export async function recordLosses(
  { cursors, isIncomplete, extent, endsMissing, cleanUp }: FoundLosses,
  {
    cursorWriter,
    manifests,
    extentFile,
  }: {
    readonly cursorWriter: CursorWriter;
    readonly manifests: Pick<ManifestLog, 'compact'>;
    readonly extentFile: Pick<ExtentFile, 'startAt'>;
  },
): Promise<void> {
  if (isIncomplete) {
    for (const cursor of cursors.values()) cursorWriter.changed(cursor);
    try {
      // First: a cursor that no longer has them pending would make a manifest with them a batch of settled events.
      await manifests.compact();
      for (const cursor of cursors.values()) await cursorWriter.save(cursor);
    } catch {
      // They are tried again. Until they are written, the next start finds the same losses.
      return;
    }
  }
  if (endsMissing) await extentFile.startAt(extent.firstSegment, extent.firstPosition);
  await cleanUp();
}
