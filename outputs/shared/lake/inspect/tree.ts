import type { SchemaTree } from 'hyparquet';

/** A column or group of a Parquet schema, as the file has it; `element` holds its annotations. */
export type SchemaNode = SchemaTree;

/** Everything below a node in pre-order, each with the node it is in. */
export function* walk(
  node: SchemaNode,
): Generator<{ readonly node: SchemaNode; readonly parent: SchemaNode }> {
  for (const child of node.children) {
    yield { node: child, parent: node };
    yield* walk(child);
  }
}
