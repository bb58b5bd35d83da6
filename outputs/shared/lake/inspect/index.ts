/**
 * Looking into Parquet files and the places they are in. Apart from `outputs/shared/lake/index.ts`: what only writes does not
 * load the reader.
 *
 * @module
 */

export type { LakeObject } from './objects.ts';
export { openObjects } from './objects.ts';
export type { ChunkPages, ParquetFile, RowGroupSizes } from './parquet.ts';
export { openParquet } from './parquet.ts';
export type { SchemaNode } from './tree.ts';
export { walk } from './tree.ts';
