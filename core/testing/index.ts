/**
 * Contract tests for outputs and mappers, and builders for tests of one's own; published as `tiercel/testing`.
 *
 * @module
 */

// The contracts.

export type { MapperSetup, OutputContract, Place, TestFunction } from './contract.ts';
export type { MapperContract } from './mapper.ts';
export { testMapper } from './mapper.ts';
export { testOutput } from './output.ts';

// Destinations.

export type { Arrived, Decode, TestDestination } from './destination.ts';
export type {
  Answer,
  AnsweredRequest,
  Answering,
  HttpDestination,
  HttpDestinationOptions,
  ReceivedRequest,
} from './http-destination.ts';
export { startDestination } from './http-destination.ts';
export type { TcpDestination, TcpOptions, UdpDestination } from './socket-destinations.ts';
export { tcpDestination, udpDestination } from './socket-destinations.ts';
export type { TokenOptions } from './token-endpoint.ts';

// Builders.

export { batchOf } from './batch-of.ts';
export type { ContextMembers } from './context-of.ts';
export { contextOf } from './context-of.ts';
export type { EventMembers } from './event-of.ts';
export { eventOf } from './event-of.ts';
export type { MarkedEvent } from './events.ts';
export { decodeEvent, markedEvents } from './events.ts';
export type { FakeClock } from './fake-clock.ts';
export { createFakeClock } from './fake-clock.ts';
export type { LoggedLine, RecordingLogger } from './recording-logger.ts';
export { recordingLogger } from './recording-logger.ts';
export { neverAborts } from './settles.ts';
export type { MadeOutput, OutputSetup, RawEvent } from './with-output.ts';
export { withOutput } from './with-output.ts';
