import type { RouteSpec } from '../../../routing/route.ts';
import type { Path } from '../../explain/errors.ts';
import type { Span } from '../../explain/source.ts';
import { find, type Node, spanOf } from '../../read/tree.ts';
import type { OutputConfig } from '../../schema/config.ts';
import type { ConfigSections } from '../../schema/schema.ts';

/** What one setting says about another; asked when each by itself is right. */
export interface Whole {
  readonly root: Node;
  /** Where relative paths start. */
  readonly dir: string;
  /** Those in which nothing is wrong. */
  readonly sections: Partial<ConfigSections>;
  /** In their places; undefined where something is wrong with one. */
  readonly tests: readonly (ConfigSections['tests'][number] | undefined)[];
  /** Those with nothing wrong. */
  readonly outputs: readonly OutputConfig[];
  /** Of all outputs. */
  readonly routes: readonly { readonly name: string; readonly route: RouteSpec }[];
}

/** Where to point for something as a whole: its key. */
export function keyOf(root: Node, path: Path): Span {
  return find(root, path).key ?? spanOf(root, path);
}
