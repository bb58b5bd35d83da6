import type { MapperDefinition } from '../../sdk/contract/mapper.ts';
import type { AnyOutputDefinition } from '../../sdk/contract/output.ts';
import type { ErrorCode } from '../explain/errors.ts';

/** A definition that comes with the program; loaded when it is wanted, so that start does not pay for what nobody uses. */
export interface BuiltIn<D> {
  /** The URL of the compiled module: another thread imports it, and threads run JavaScript only. */
  readonly module: string;
  load(): Promise<D>;
}

/** Definitions by their type; what `outputs/index.ts` and `mappers/index.ts` hold. */
export type BuiltIns<D> = Readonly<Record<string, BuiltIn<D>>>;

// biome-ignore lint/suspicious/noExplicitAny: mappers of every options type; each is checked against its own schema.
export type AnyMapperDefinition = MapperDefinition<any, any>;

/** A definition found and checked. */
export interface Loaded<D> {
  readonly definition: D;
  /** The URL of the module whose default export it is; another thread can import it. */
  readonly module: string;
  readonly builtIn: boolean;
}

/** Where the `type` of an output or mapper is looked for. */
export interface ResolveOptions {
  /** The folder of the configuration file: packages and paths are seen from there. */
  readonly configDir: string;
  /** `plugins.allow`. */
  readonly allow?: readonly string[];
  /** False: code that is not built in is not loaded at all. */
  readonly plugins?: boolean;
}

/** All outputs and mappers there are: the built-in ones, and packages and paths on demand. */
export interface Registry {
  readonly outputs: BuiltIns<AnyOutputDefinition>;
  readonly mappers: BuiltIns<AnyMapperDefinition>;
  output(type: string, options: ResolveOptions): Promise<Result<Loaded<AnyOutputDefinition>>>;
  mapper(type: string, options: ResolveOptions): Promise<Result<Loaded<AnyMapperDefinition>>>;
}

/** Why a `type` could not be turned into a definition: a value that the configuration puts a place on. */
export interface PluginProblem {
  readonly code: Extract<ErrorCode, `TIERCEL_CFG_${'UNKNOWN_TYPE' | `PLUGIN_${string}`}`>;
  readonly message: string;
  /** What to do: the command to run, where there is one. */
  readonly fix?: string;
  readonly suggestion?: string;
}

/** A value or what is wrong. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: PluginProblem };
