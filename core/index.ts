/**
 * The public API of a plugin author. What is not exported here is not public.
 *
 * @module
 */
export type { Static, TObject, TSchema } from 'typebox';

export type {
  Batch,
  BatchInfo,
  BatchLimits,
  EventBlock,
  StreamedBatch,
} from './batching/batch.ts';
export type { Clock } from './batching/clock.ts';
export { systemClock } from './batching/clock.ts';
export { duration, secret, size } from './config/scalars.ts';
export { abortable } from './delivery/abortable.ts';
export type { ChunkLimits } from './delivery/chunks.ts';
export { deliverChunks, deliverEach } from './delivery/chunks.ts';
export type { Connection, ConnectionOptions } from './delivery/connection.ts';
export { keepConnection } from './delivery/connection.ts';
export type { Delivery, Failure } from './delivery/delivery.ts';
export { delivered, rejected, retry } from './delivery/delivery.ts';
export type { HttpClient, RequestDetails } from './delivery/http/client.ts';
export { httpClient } from './delivery/http/client.ts';
export type { HttpOptions } from './delivery/http/options.ts';
export { httpConnection, httpOptions, httpUrl } from './delivery/http/options.ts';
export { fromResponse, parseRetryAfter } from './delivery/http/response.ts';
export type { TlsOptions } from './delivery/tls.ts';
export { readTls, tlsOption } from './delivery/tls.ts';
export { isDecimal } from './event/decimal.ts';
export type { DecodeOptions } from './event/decode.ts';
export { createDecoder, noDecodeOptions } from './event/decode.ts';
export { eventToJson } from './event/encode.ts';
export type { Decimal, Event, FieldValue } from './event/event.ts';
export { fieldText, stringify } from './event/json.ts';
export type { Priority } from './event/priority.ts';
export { PRIORITIES, parsePriority, priorityRank } from './event/priority.ts';
export type { Mapped, Mapper, MapperContext, MapperDefinition } from './plugins/mapper.ts';
export { defineMapper } from './plugins/mapper.ts';
export type {
  AnyOutputDefinition,
  DiagnoseOptions,
  Finding,
  MapperRef,
  Output,
  OutputContext,
  OutputDefinition,
  OwnMapper,
  StreamOutput,
  StreamOutputDefinition,
} from './plugins/output.ts';
export { asEvents, defineOutput } from './plugins/output.ts';
export { loadPeer } from './plugins/peer.ts';
export { recordJson } from './plugins/record-json.ts';
export { textTemplate } from './plugins/text-template.ts';
export { Type } from './plugins/type.ts';
export type { Logger } from './telemetry/logger.ts';
export { VERSION } from './version.ts';
