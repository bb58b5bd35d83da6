import type { AnyOutputDefinition } from '../plugins/output.ts';
import type { AnyMapperDefinition, BuiltIns as Definitions } from '../plugins/registry.ts';

/** A kind of file the demo can show: handed in, because the framework knows no format. */
export interface TableReader {
  /** With its dot: `.parquet`. */
  readonly extension: string;
  /** The first rows of a file as text, in columns worth showing. */
  read(path: string, rows: number): Promise<{ header: string[]; cells: string[][]; total: number }>;
}

/** What `main.ts` hands to the command line: everything that comes with the program and that the framework does not know. */
export interface BuiltIns {
  readonly version: string;
  /** The folder of the package: samples and the example configuration are in it. */
  readonly packageRoot: string;
  readonly outputs: Definitions<AnyOutputDefinition>;
  readonly mappers: Definitions<AnyMapperDefinition>;
  readonly tables: readonly TableReader[];
}
