import type { ErrorCode } from '../config/errors.ts';

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
