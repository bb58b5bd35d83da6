/**
 * The contracts that outputs and mappers are held against; published as `tiercel/testing`.
 *
 * @module
 */
export type { Answer, Destination, ReceivedRequest } from './destination.ts';
export { startDestination } from './destination.ts';
export { decodeEvent, markedEvents } from './events.ts';
export type { MapperContract } from './mapper.ts';
export { testMapper } from './mapper.ts';
export type { OutputContract, Place, TestFunction } from './output.ts';
export { testOutput } from './output.ts';
