import type { DeliveryPolicy } from '../../../delivery/policy.ts';
import type { RouteSpec } from '../../../routing/route.ts';
import type { BatchLimits } from '../../../sdk/contract/batch.ts';
import type { AnyOutputDefinition } from '../../../sdk/contract/output.ts';
import type { Path } from '../../explain/errors.ts';
import type { Span } from '../../explain/source.ts';
import { find, type Node, spanOf } from '../../read/tree.ts';
import type { OutputConfig } from '../../schema/config.ts';
import type { JsonSchema } from '../../schema/json-schema.ts';
import type { OutputSettings } from '../../schema/output.ts';
import type { ConfigSections } from '../../schema/sections.ts';

/** What the cross checks see: everything that is valid by itself. An error in one value does not hide an error in another. */
export interface CrossContext {
  readonly root: Node;
  /** Where relative paths start. */
  readonly dir: string;
  /** The sections, decoded, without the values that have errors. */
  readonly sections: ValidSections;
  /** True if there is an error in the value at the path, or in a value below it. */
  hasError(path: Path): boolean;
  /** By index; undefined for a test with errors. */
  readonly tests: readonly (ConfigSections['tests'][number] | undefined)[];
  /** The outputs whose options and mapper have no errors. */
  readonly outputs: readonly CheckableOutput[];
  /** The limits of all outputs, as far as they are valid. */
  readonly limits: readonly OutputLimits[];
  /** The conditions of all outputs. */
  readonly routes: readonly { readonly name: string; readonly route: RouteSpec }[];
  /** What is written at each output, and the schema of it. */
  readonly nodes: readonly { readonly name: string; readonly node: Node; readonly schema: JsonSchema }[];
}

/** Sections in which any value may be absent because it has an error. */
export type ValidSections = {
  readonly [S in Exclude<keyof ConfigSections, 'outputs' | 'tests'>]?: Partial<ConfigSections[S]>;
};

/** An output whose type can be asked about its options, even if its common settings have errors. */
export interface CheckableOutput
  extends Pick<OutputConfig, 'name' | 'type' | 'definition' | 'options' | 'mapper' | 'mapperDefinition'> {
  /** Undefined if the value has an error. */
  readonly enabled: boolean | undefined;
}

type Backoff = Pick<OutputSettings['retry'], 'initial' | 'max'>;

/** The limits of an output that are valid by themselves: an error elsewhere in the output does not hide one in them. */
export interface OutputLimits {
  readonly name: string;
  /** As written; absent when it is not. */
  readonly type?: string;
  /** Those of the type, overridden by the valid ones of the user. */
  readonly batch: BatchLimits;
  /** No number of events closes a batch before its size does. */
  readonly isBySize: boolean;
  /** What the type allows. */
  readonly bounds: NonNullable<AnyOutputDefinition['batchBounds']>;
  /** Absent if it has an error; likewise below. */
  readonly retry?: Backoff;
  readonly breaker?: Backoff;
  readonly maxLag?: DeliveryPolicy['maxLag'];
}

/** The position of a value, undefined if it is a default. */
export function writtenAt(root: Node, path: Path): Span | undefined {
  return find(root, path).exact ? spanOf(root, path) : undefined;
}

/** The position of a whole section or output: its key. */
export function keyOf(root: Node, path: Path): Span {
  return find(root, path).key ?? spanOf(root, path);
}
