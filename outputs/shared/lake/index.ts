/**
 * The lake library: Parquet files from records, and the stores they go to. It knows no table format and no cloud
 * product; outputs put those on top.
 *
 * @module
 */

// A batch as a Parquet file in an object store.

export type { Manifest } from './parquet/created-by.ts';
export { createdBy } from './parquet/created-by.ts';
export type { EncodedBatch, Encoder, EncoderOptions } from './parquet/encode.ts';
export { createEncoder } from './parquet/encode.ts';
export type { FileOptions } from './parquet/job.ts';
export type { Uploader, UploaderOptions } from './upload.ts';
export { createUploader } from './upload.ts';

// Object stores.

export { directoryStore } from './store/directory.ts';
export { s3Store } from './store/s3.ts';
export type { S3Access, S3Options } from './store/s3-client.ts';
export { s3Options } from './store/s3-client.ts';
export type { LocalFile, ObjectStore, PutOptions } from './store/store.ts';

// Records as a Parquet file.

export { RecordError } from './parquet/shred.ts';
export type { FileLimits, ParquetWriter, Sink, WriterOptions } from './parquet/writer.ts';
export { createParquetWriter, DEFAULT_LIMITS } from './parquet/writer.ts';
export { createZstd } from './parquet/zstd.ts';

// The schema of Parquet files, and how it may change.

export { breakingChanges, isAdditive, schemaHash, schemaText } from './schema/compare.ts';
export { schemaElements } from './schema/elements.ts';
