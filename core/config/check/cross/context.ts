import type { DeliveryPolicy } from '../../../delivery/policy.ts';
import type { RouteSpec } from '../../../routing/route.ts';
import type { BatchLimits } from '../../../sdk/contract/batch.ts';
import type { AnyOutputDefinition } from '../../../sdk/contract/output.ts';
import type { Path } from '../../explain/errors.ts';
import type { Span } from '../../explain/source.ts';
import { find, type Node, spanOf } from '../../read/tree.ts';
import type { OutputConfig } from '../../schema/config.ts';
import type { OutputSettings } from '../../schema/output.ts';
import type { ConfigSections } from '../../schema/sections.ts';

/** What the cross checks see: everything that is valid by itself. */
export interface CrossContext {
  readonly root: Node;
  /** Where relative paths start. */
  readonly dir: string;
  /** The sections without errors. */
  readonly sections: Partial<ConfigSections>;
  /** By index; undefined for a test with errors. */
  readonly tests: readonly (ConfigSections['tests'][number] | undefined)[];
  /** The outputs without errors. */
  readonly outputs: readonly OutputConfig[];
  /** The limits of all outputs, as far as they are valid. */
  readonly limits: readonly OutputLimits[];
  /** The conditions of all outputs. */
  readonly routes: readonly { readonly name: string; readonly route: RouteSpec }[];
}

type Backoff = Pick<OutputSettings['retry'], 'initial' | 'max'>;

/** The limits of an output that are valid by themselves: a mistake elsewhere in the output does not hide one in them. */
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
  /** Absent when there is a mistake in them, likewise below. */
  readonly retry?: Backoff;
  readonly breaker?: Backoff;
  readonly maxLag?: DeliveryPolicy['maxLag'];
}

/** The position of a whole section or output: its key. */
export function keyOf(root: Node, path: Path): Span {
  return find(root, path).key ?? spanOf(root, path);
}
