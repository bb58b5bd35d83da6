import type { DeliveryPolicy } from '../../delivery/policy.ts';
import type { DecodeOptions } from '../../event/decode.ts';
import type { RouteSpec } from '../../routing/route.ts';
import type { BatchLimits } from '../../sdk/contract/batch.ts';
import type { AnyOutputDefinition, MapperRef } from '../../sdk/contract/output.ts';
import type { Path } from '../explain/errors.ts';
import type { Place } from '../explain/source.ts';
import type { AnyMapperDefinition } from './plugins.ts';
import type { ConfigSections, ConfigTest } from './sections.ts';

/** A configuration that was read, checked and decoded: milliseconds and bytes as numbers, defaults filled in. */
export interface Config
  extends Pick<ConfigSections, 'server' | 'log' | 'plugins' | 'dead_letters' | 'shutdown'> {
  /** The file, absent when the configuration was given as text. */
  readonly file?: string;
  /** Relative paths in options start here: the folder of the file. */
  readonly dir: string;
  /** `path` is absolute. */
  readonly journal: ConfigSections['journal'];
  readonly enrich: DecodeOptions;
  /** All outputs in the order of the YAML, the disabled ones among them. */
  readonly outputs: readonly OutputConfig[];
  readonly tests: readonly ConfigTest[];
  /** The whole in YAML spelling, defaults filled in, secrets replaced by `***`. */
  readonly redacted: Readonly<Record<string, unknown>>;
  /** The texts that stand behind `***` in {@link redacted}: a log must never show them. */
  readonly secrets: readonly string[];
  /** Every file that was read, secrets among them, and every folder that was searched: what `--watch` watches. */
  readonly files: readonly string[];
  /** Where a value was written, for errors that are found later; what was not written is where its parent is. */
  sourceOf(path: Path): Place;
}

/** One output, ready to be made. */
export interface OutputConfig {
  readonly name: string;
  /** As it stands in the YAML: a built-in, a package or a path. */
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
  /** The limits of the type with those of the user over them. */
  readonly batch: BatchLimits;
  readonly policy: DeliveryPolicy;
  readonly place: Place;
}
