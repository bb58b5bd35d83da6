import { VERSION } from '../../sdk/contract/version.ts';

/** A file of the journal is sound and of a format version that this program does not know. Its message says what to do. */
export class UnknownVersionError extends Error {
  override readonly name = 'UnknownVersionError';
  readonly path: string;
  readonly version: number;
  /** The version of this kind of file that this program reads. */
  readonly known: number;

  constructor(
    { path, version, known }: { path: string; version: number; known: number },
    writtenBy?: string,
  ) {
    const who = writtenBy === undefined ? 'a later release' : `Tiercel ${writtenBy}`;
    super(
      `${path} has format version ${version}; this program (Tiercel ${VERSION}) reads version ${known}. Nothing was changed. Start the release that wrote it (${who}) or a later one.`,
    );
    this.path = path;
    this.version = version;
    this.known = known;
  }

  /** The same error. @param program the version of the program that opened the journal last, where it is known */
  withWriter(program: string | undefined): UnknownVersionError {
    return new UnknownVersionError(this, program);
  }
}
