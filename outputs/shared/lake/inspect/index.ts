/**
 * Reads Parquet files and the places they are in. Separate from `outputs/shared/lake/index.ts`, so that outputs that only
 * write do not load the reader.
 *
 * @module
 */

export type { LakeObject } from './objects.ts';
export { openObjects } from './objects.ts';
export type { ChunkPages, ParquetFile, RowGroupSizes, SchemaNode } from './parquet.ts';
export { openParquet, walk } from './parquet.ts';
