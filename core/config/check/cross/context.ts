import type { RouteSpec } from '../../../routing/route.ts';
import type { Path } from '../../explain/errors.ts';
import type { Span } from '../../explain/source.ts';
import { find, type Node, spanOf } from '../../read/tree.ts';
import type { OutputConfig } from '../../schema/config.ts';
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
  /** The conditions of all outputs. */
  readonly routes: readonly { readonly name: string; readonly route: RouteSpec }[];
}

/** The position of a whole section or output: its key. */
export function keyOf(root: Node, path: Path): Span {
  return find(root, path).key ?? spanOf(root, path);
}
