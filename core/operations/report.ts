import type { StoredDeadLetter } from '../dead-letters/store.ts';
import { decodeText, parseEvent } from '../event/parse.ts';
import type { JournalStatus } from '../journal/journal.ts';

// The shapes that operators see, over HTTP and with --json: plain JSON, snake_case, times as ISO texts.

/** A dead letter without its event. */
export interface DeadLetterSummary {
  readonly id: number;
  readonly output: string;
  /** rejected, unmappable, partition, expired or lag. */
  readonly cause: string;
  readonly reason: string;
  /** The event's rule; absent when its bytes were lost. */
  readonly rule?: string;
  readonly bytes: number;
  readonly attempts: number;
  readonly received_at: string;
  readonly first_attempt: string;
  readonly last_attempt: string;
}

/** A dead letter with its event. */
export interface DeadLetterDetails extends DeadLetterSummary {
  /** The event's text as it was sent; absent when its bytes were lost. */
  readonly event?: string;
  /** Its bytes, if they are not UTF-8. */
  readonly event_base64?: string;
}

/** The result of a replay. */
export interface ReplayResult {
  /** Appended again for the outputs that had rejected them. */
  readonly replayed: number;
  /** Dead letters that matched and were not replayed, with the reason. */
  readonly left: readonly {
    readonly output: string;
    readonly dead_letters: number;
    readonly reason: string;
  }[];
}

/** The state of the journal. */
export interface JournalReport {
  readonly state: JournalStatus['state'];
  readonly reason?: string;
  readonly bytes: number;
  readonly max_bytes: number;
  /** When the oldest stored event was accepted. */
  readonly oldest?: string;
  /** Events ever accepted for some output: the newest position. */
  readonly newest: number;
  /** Of the journal and of the dead letters, since the start. */
  readonly corrupt_frames: number;
  readonly recovered_bytes: number;
  readonly dead_letters: number;
  /** Dead letters that damage or removal of their files took: counted, and an upper bound of further ones. */
  readonly dead_letters_lost: { readonly exact: number; readonly at_most: number };
  /** The outputs of the configuration, the disabled ones among them. */
  readonly configured: readonly string[];
  readonly outputs: readonly PendingEvents[];
  /** Events of outputs that the configuration does not have. */
  readonly orphans: readonly PendingEvents[];
}

export interface PendingEvents {
  readonly output: string;
  readonly pending: number;
}

export function summaryOf(letter: StoredDeadLetter): DeadLetterSummary {
  const { id, output, cause, reason, raw, attempts } = letter;
  const parsed = raw.length === 0 ? undefined : parseEvent(raw, letter.receivedAt);
  return {
    id,
    output,
    cause,
    reason,
    ...(parsed?.ok && { rule: parsed.event.rule }),
    bytes: raw.length,
    attempts,
    received_at: isoTime(letter.receivedAt),
    first_attempt: isoTime(letter.firstAttempt),
    last_attempt: isoTime(letter.lastAttempt),
  };
}

export function detailsOf(letter: StoredDeadLetter): DeadLetterDetails {
  const { raw } = letter;
  return { ...summaryOf(letter), ...(raw.length > 0 && eventOf(raw)) };
}

/** An event as text, with its bytes if they are not UTF-8. */
export function eventOf(raw: Uint8Array): { readonly event: string; readonly event_base64?: string } {
  const event = decodeText(raw);
  const isText = Buffer.from(event).equals(raw);
  return { event, ...(!isText && { event_base64: Buffer.from(raw).toString('base64') }) };
}

/** @param milliseconds since the epoch */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
