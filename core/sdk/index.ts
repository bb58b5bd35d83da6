/**
 * The public API of a plugin author. What is not exported here is not public.
 *
 * It is versioned by `apiVersion` of the definitions. Within version 1 optional members and new exports may come; nothing is
 * taken away and nothing changes its meaning. `docs/write-an-output.md` and `docs/write-a-mapper.md`
 * are the way in.
 *
 * @module
 */

// To declare an output or a mapper, and its options.

export type { Static, TObject, TSchema } from 'typebox';
export type { Category, Stability } from './contract/about.ts';
export type { BatchContent, BatchLimits, RequestLimits } from './contract/batch.ts';
export type {
  Mapped,
  Mapper,
  MapperContext,
  MapperDefinition,
  TypedMapper,
  TypedMapperDefinition,
} from './contract/mapper.ts';
export { defineMapper } from './contract/mapper.ts';
export type {
  AnyOutputDefinition,
  DiagnoseOptions,
  Finding,
  Output,
  OutputContext,
  OutputDefinition,
  OwnMapper,
} from './contract/output.ts';
export { asEvents, defineOutput } from './contract/output.ts';
export type { FalcosidekickKey } from './options/falcosidekick.ts';
export type { Login } from './options/login.ts';
export { loginOptions } from './options/login.ts';
export type { OptionMarks } from './options/scalars.ts';
export { byPriority, duration, priority, secret, size, template, templates } from './options/scalars.ts';
export type { ServerAddress } from './options/server.ts';
export { serverOptions } from './options/server.ts';
export { Type } from './options/type.ts';

// The columns of a mapper's records, for lakes and tables.

export { int64, jsonText, textMap, timestampMillis } from './record/annotations.ts';
export type { Column, LeafType, Shape } from './record/columns.ts';
export { columnProblems, columnsOf, SchemaError } from './record/columns.ts';
export type { LeafCheck } from './record/fit.ts';
export { leafCheck, recordMisfit } from './record/fit.ts';

// What the context holds.

export type { Clock } from './contract/clock.ts';
export type { Logger } from './contract/logger.ts';
export type { LoadPackage, Packages } from './contract/packages.ts';
export { VERSION } from './contract/version.ts';

// To deliver, and to say what became of it.

export type { Batch, BatchInfo } from './contract/batch.ts';
export type { Delivery, Failure, Refusal } from './contract/verdicts.ts';
export { delivered, deliveredExcept, rejected, retry } from './contract/verdicts.ts';
export { deliverAtOnce } from './deliver/at-once.ts';
export { deliverToAny } from './deliver/hosts.ts';

// Over HTTP.

export type { AnswerRules, HttpClient, HttpRoute, RequestDetails } from './contract/http.ts';
export type { AuthChoice, AuthKeys, AuthKind, AuthOptions } from './http/auth/options.ts';
export { authOption } from './http/auth/options.ts';
export type { HttpOptions } from './http/options.ts';
export { httpOptions } from './http/options.ts';
export type { HttpExchange } from './http/over-http.ts';
export { overHttp } from './http/over-http.ts';
export type { HttpCheck } from './http/probe.ts';
export { probeHttp, reachUrl } from './http/probe.ts';
export { describeFailure } from './http/transport/failure.ts';
export { httpConnection, httpUrl } from './http/transport/options.ts';
export { fromResponse, parseRetryAfter } from './http/transport/response.ts';
export type {
  HttpTimeouts,
  HttpTransport,
  TransportOptions,
  WireRequest,
} from './http/transport/transport.ts';
export { httpTransport } from './http/transport/transport.ts';

// Over other protocols, by clients of others.

export type { Connection, ConnectionOptions } from './deliver/connection.ts';
export { abortable, keepConnection, overConnection, probeConnection } from './deliver/connection.ts';
export type { UdpOptions, UdpSender } from './deliver/udp.ts';
export { openUdp, overUdp } from './deliver/udp.ts';
export type { Address } from './http/reach.ts';
export { reach } from './http/reach.ts';
export type { TlsOptions } from './options/tls.ts';
export { readTls, tlsOption } from './options/tls.ts';

// To read an event, and to write it.

export { isDecimal } from '../event/decimal.ts';
export { eventToJson, fieldText, stringify } from '../event/encode.ts';
export type { Decimal, Event, FieldValue } from '../event/event.ts';
export { isMissing } from '../event/event.ts';
export type { Priority } from '../event/priority.ts';
export { PRIORITIES, parsePriority, priorityRank } from '../event/priority.ts';
export { nanosecondsOf } from '../event/time.ts';
export { printableJson } from './contract/printable.ts';
export type { EventText } from './deliver/payload.ts';
export { eventLabels, fieldTextOf, textTemplate } from './deliver/payload.ts';
export type { UnmappableRecordError } from './record/record-json.ts';
export { recordJson } from './record/record-json.ts';

// Batches that are too large for memory, read as blocks, on another thread too.

export type { DecodeOptions } from '../event/decode.ts';
export { createDecoder } from '../event/decode.ts';
export type { EventBlock, StreamedBatch } from './contract/batch.ts';
export { mapEvent } from './contract/mapper.ts';
export type { MapperRef, StreamOutput, StreamOutputDefinition } from './contract/output.ts';
