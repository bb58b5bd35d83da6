import type { AnyMapperDefinition, BuiltIns as Definitions } from '../config/schema/plugins.ts';
import type { ExampleFrame } from '../docs/example-config.ts';
import type { AnyOutputDefinition } from '../sdk/contract/output.ts';

/** A kind of file the demo can show: handed in, because the framework knows no format. */
export interface TableReader {
  /** With its dot: `.parquet`. */
  readonly extension: string;
  /** The first rows of a file as text, in columns worth showing. */
  read(path: string, rows: number): Promise<{ header: string[]; cells: string[][]; total: number }>;
}

/** A command that comes from outside of the framework, as plain data. */
export interface BuiltInCommand {
  readonly name: string;
  readonly summary: string;
  /** The one argument it takes, for its help. */
  readonly argument: { readonly name: string; readonly description: string };
  /** In the words of the help: `--json`, `--region <name>`. A boolean or a text reaches `run` under its name in camelCase. */
  readonly options: readonly { readonly flags: string; readonly description: string }[];
  /** One line for the help. */
  readonly example: string;
  /** @returns the exit code */
  run(
    argument: string,
    options: Readonly<Record<string, string | boolean | undefined>>,
    io: {
      out(text: string): void;
      /** To standard output: JSON, whose values stay as they are. */
      json(text: string): void;
      err(text: string): void;
    },
  ): Promise<number>;
}

/** What `main.ts` hands to the command line: everything that comes with the program and that the framework does not know. */
export interface BuiltIns {
  readonly version: string;
  /** The folder of the package: samples and the example configuration are in it. */
  readonly packageRoot: string;
  readonly outputs: Definitions<AnyOutputDefinition>;
  readonly mappers: Definitions<AnyMapperDefinition>;
  readonly tables: readonly TableReader[];
  readonly commands: readonly BuiltInCommand[];
  /** What of the example configuration no definition says. */
  readonly example: ExampleFrame;
}
