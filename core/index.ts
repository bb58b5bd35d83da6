/**
 * The public API of a plugin author. What is not exported here is not public.
 *
 * It is versioned by `apiVersion` of the definitions. Within version 1 optional members and new exports may come; nothing is
 * taken away and nothing changes its meaning. `docs/write-an-output.md` is the way in.
 *
 * @module
 */

// To declare an output or a mapper, and its options.

export type { Static, TObject, TSchema } from 'typebox';
export type { BatchLimits } from './batching/batch.ts';
export { byPriority, duration, priority, secret, size, template } from './config/scalars.ts';
export type { Mapped, Mapper, MapperContext, MapperDefinition } from './plugins/mapper.ts';
export { defineMapper } from './plugins/mapper.ts';
export type {
  AnyOutputDefinition,
  DiagnoseOptions,
  Finding,
  Output,
  OutputContext,
  OutputDefinition,
  OwnMapper,
} from './plugins/output.ts';
export { asEvents, defineOutput } from './plugins/output.ts';
export { Type } from './plugins/type.ts';

// What the context holds.

export type { Clock } from './batching/clock.ts';
export type { Logger } from './telemetry/logger.ts';
export { VERSION } from './version.ts';

// To deliver, and to say what became of it.

export type { Batch, BatchInfo } from './batching/batch.ts';
export { deliverAtOnce } from './delivery/at-once.ts';
export type { ChunkLimits } from './delivery/chunks.ts';
export { deliverChunks, deliverEach } from './delivery/chunks.ts';
export type { Delivery, Failure, Refusal } from './delivery/delivery.ts';
export { delivered, deliveredExcept, rejected, retry } from './delivery/delivery.ts';
export { deliverToAny } from './delivery/hosts.ts';

// Over HTTP.

export type { HttpClient, RequestDetails } from './delivery/http/client.ts';
export { httpClient } from './delivery/http/client.ts';
export type { HttpOptions } from './delivery/http/options.ts';
export { httpConnection, httpOptions, httpUrl } from './delivery/http/options.ts';
export { fromResponse, parseRetryAfter } from './delivery/http/response.ts';

// Over other protocols, by clients of others.

export { abortable } from './delivery/abortable.ts';
export type { Connection, ConnectionOptions } from './delivery/connection.ts';
export { keepConnection, overConnection } from './delivery/connection.ts';
export type { TlsOptions } from './delivery/tls.ts';
export { readTls, tlsOption } from './delivery/tls.ts';
export { loadPeer } from './plugins/peer.ts';

// To read an event, and to write it.

export { isDecimal } from './event/decimal.ts';
export { eventToJson } from './event/encode.ts';
export type { Decimal, Event, FieldValue } from './event/event.ts';
export { fieldText, stringify } from './event/json.ts';
export { isMissing } from './event/missing.ts';
export type { Priority } from './event/priority.ts';
export { PRIORITIES, parsePriority, priorityRank } from './event/priority.ts';
export { recordJson } from './plugins/record-json.ts';
export { textTemplate } from './plugins/text-template.ts';
export { printableJson } from './printable.ts';

// Batches that are too large for memory, read as blocks, on another thread too.

export type { EventBlock, StreamedBatch } from './batching/batch.ts';
export type { DecodeOptions } from './event/decode.ts';
export { createDecoder } from './event/decode.ts';
export type { MapperRef, StreamOutput, StreamOutputDefinition } from './plugins/output.ts';
