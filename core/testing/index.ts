/**
 * Contract tests for outputs and mappers; published as `tiercel/testing`.
 *
 * @module
 */
export type { OutputContract, Place, TestFunction } from './contract.ts';
export type { Answer, AnsweredRequest, Answering, Destination, ReceivedRequest } from './destination.ts';
export { startDestination } from './destination.ts';
export type { MarkedEvent } from './events.ts';
export { decodeEvent, markedEvents } from './events.ts';
export type { MapperContract } from './mapper.ts';
export { testMapper } from './mapper.ts';
export { testOutput } from './output.ts';
