import type { MapperDefinition } from '../../sdk/contract/mapper.ts';
import type { AnyOutputDefinition } from '../../sdk/contract/output.ts';
import type { ErrorCode } from '../explain/errors.ts';

/**
 * What the configuration needs of the outputs and mappers that exist. `core/plugins` implements the registry; tests use one of
 * their own.
 *
 * @module
 */

/** A built-in definition. It is loaded on first use, so that an unused one does not slow the start. */
export interface BuiltIn<D> {
  /** The URL of the compiled module: a worker thread imports it, and worker threads run JavaScript only. */
  readonly module: string;
  load(): Promise<D>;
}

/** The built-in definitions by type, as `outputs/index.ts` and `mappers/index.ts` list them. */
export type BuiltIns<D> = Readonly<Record<string, BuiltIn<D>>>;

// biome-ignore lint/suspicious/noExplicitAny: mappers of every options type; each is checked against its own schema.
export type AnyMapperDefinition = MapperDefinition<any, any>;

/** A definition that was found, loaded and checked. */
export interface LoadedPlugin<D> {
  readonly definition: D;
  /** The URL of the module whose default export it is. */
  readonly module: string;
  readonly builtIn: boolean;
}

/** Where a `type` that is not built in is looked up, and whether its code may be loaded. */
export interface ResolveOptions {
  /** The folder of the configuration file: packages and relative paths are resolved from it. */
  readonly configDir: string;
  /** `plugins.allow`; absent: all are allowed. */
  readonly allow?: readonly string[];
  /** False: only built-ins are loaded. */
  readonly plugins?: boolean;
}

/** Finds outputs and mappers by `type`: built-ins, packages and paths. */
export interface Registry {
  readonly outputs: BuiltIns<AnyOutputDefinition>;
  readonly mappers: BuiltIns<AnyMapperDefinition>;
  output(type: string, options: ResolveOptions): Promise<PluginResult<LoadedPlugin<AnyOutputDefinition>>>;
  mapper(type: string, options: ResolveOptions): Promise<PluginResult<LoadedPlugin<AnyMapperDefinition>>>;
}

/** Why there is no definition for a `type`. The configuration adds the position. */
export interface PluginProblem {
  readonly code: Extract<ErrorCode, `TIERCEL_CFG_${'UNKNOWN_TYPE' | `PLUGIN_${string}`}`>;
  readonly message: string;
  /** What to do, with the command where there is one. */
  readonly fix?: string;
  readonly suggestion?: string;
}

/** A value, or why there is none. */
export type PluginResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: PluginProblem };
