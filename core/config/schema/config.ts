import type { DeliveryPolicy } from '../../delivery/policy.ts';
import type { DecodeOptions } from '../../event/decode.ts';
import type { RouteSpec } from '../../routing/route.ts';
import type { BatchLimits } from '../../sdk/contract/batch.ts';
import type { AnyOutputDefinition, MapperRef } from '../../sdk/contract/output.ts';
import type { Path } from '../explain/errors.ts';
import type { Place } from '../explain/source.ts';
import type { AnyMapperDefinition } from './plugins.ts';
import type { ConfigSections, ConfigTest } from './sections.ts';

/** A configuration that was read, checked and decoded: durations and sizes are numbers, defaults are set. */
export interface Config
  extends Pick<ConfigSections, 'server' | 'log' | 'plugins' | 'dead_letters' | 'shutdown'> {
  /** The file, absent when the configuration was given as text. */
  readonly file?: string;
  /** The folder of the file; relative paths in options start from it. */
  readonly dir: string;
  /** `path` is absolute. */
  readonly journal: ConfigSections['journal'];
  readonly enrich: DecodeOptions;
  /** All outputs in the order of the YAML, including disabled ones. */
  readonly outputs: readonly OutputConfig[];
  readonly tests: readonly ConfigTest[];
  /** The configuration in YAML spelling with defaults, secrets replaced by `***`. */
  readonly redacted: Readonly<Record<string, unknown>>;
  /** The texts that {@link redacted} replaces by `***`. Logs must never show them. */
  readonly secrets: readonly string[];
  /** All files that were read, including those of secrets, and all folders that were searched. `--watch` watches them. */
  readonly files: readonly string[];
  /** The position of a value, for errors that are found later; of its parent where it was not written. */
  sourceOf(path: Path): Place;
}

/** The checked configuration of an output. */
export interface OutputConfig {
  readonly name: string;
  /** As written in the YAML: a built-in, a package or a path. */
  readonly type: string;
  readonly enabled: boolean;
  readonly definition: AnyOutputDefinition;
  /** The URL of the definition's module. */
  readonly module: string;
  /** The options of the type, decoded. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly mapper: MapperRef;
  readonly mapperDefinition: AnyMapperDefinition;
  readonly route: RouteSpec;
  /** The limits of the type, overridden by those of the user. */
  readonly batch: BatchLimits;
  readonly policy: DeliveryPolicy;
  /** The name of the output that is told of its dead letters, as written at the output itself. */
  readonly onDeadLetter?: string;
  readonly place: Place;
}
