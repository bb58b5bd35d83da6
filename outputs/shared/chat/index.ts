/**
 * What outputs to chats share: an event as facts, and messages that fit. Published as `tiercel/chat`.
 *
 * @module
 */

export type { Fact } from './facts.ts';
export { fieldFacts, headFacts, tagFacts, utcTime } from './facts.ts';
export type { Room } from './fit.ts';
export { fitMessage, isCut, shorten } from './fit.ts';
