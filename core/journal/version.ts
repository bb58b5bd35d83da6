import { VERSION } from '../version.ts';

/** A file of the journal is sound and of a format version that this program does not know. */
export class UnknownVersionError extends Error {
  override readonly name = 'UnknownVersionError';
  readonly version: number;

  constructor(version: number, message = `format version ${version}`) {
    super(message);
    this.version = version;
  }
}

/**
 * Names the file and what to do.
 *
 * @param path the file
 * @param writtenBy the version of the program that opened the journal last, where it is known
 */
export function refuseVersion(
  path: string,
  version: number,
  writtenBy: string | undefined,
): UnknownVersionError {
  const who = writtenBy === undefined ? 'a later release' : `Tiercel ${writtenBy}`;
  return new UnknownVersionError(
    version,
    `${path} has format version ${version}; this program (Tiercel ${VERSION}) reads version 1. Nothing was changed. Start the release that wrote it (${who}) or a later one.`,
  );
}
