import type { ProducerId } from './client.ts';

/** Sequences go up to 2^31 - 1 and begin again (Kafka's DefaultRecordBatch.incrementSequence). */
const SEQUENCES = 0x80000000;
/** Partitions that one producer counts: a template may name a great many topics. */
const MOST_PARTITIONS = 10_000;
/** Events whose place is remembered while it is unknown whether the broker has them. */
const MOST_UNKNOWN = 100_000;

interface Identity extends ProducerId {
  /** The next sequence, by `topic:partition`. */
  readonly next: Map<string, number>;
  /** Partitions with records of which it is unknown whether they are stored. */
  readonly unknown: Set<string>;
}

/** Records that are sent to a partition together. */
export interface Group {
  /** Of the events, in order. Senders choose them, so two events may have the same. */
  readonly ids: readonly string[];
  /** Tells contents apart; asked for when it is unknown whether the records are stored. */
  readonly fingerprint: () => string;
}

/** The place of some records in the sequence of a partition. */
export interface Slot extends Group {
  readonly identity: Identity;
  readonly partition: string;
  /** Of the first record. */
  readonly sequence: number;
}

/**
 * Hands out the sequences by which a broker tells repeated records apart.
 *
 * A broker takes records under the next sequence of their producer and partition; it acknowledges, and does not store, records
 * under a sequence that it has. So records that may be stored keep their producer and sequence until that is known, however often
 * they are sent again, and until then others of the same partition go under another producer. A sequence is never used for two
 * contents: the second would be lost.
 */
export interface Sequences {
  /** The place of an event of which it is unknown whether it is stored. */
  find(id: string): Slot | undefined;
  /** A place for these records: the one they had, where they were sent together before; else a new one. */
  take(partition: string, group: Group, signal: AbortSignal): Promise<Slot>;
  /** The records are stored. */
  stored(slot: Slot): void;
  /** The records are refused for their content; they will not be sent like this again. */
  refused(slot: Slot): void;
  /** Nobody knows whether the records are stored. */
  unknown(slot: Slot): void;
  /** The broker does not take the producer any more. */
  broken(slot: Slot): void;
}

/** @param newProducer asks a broker for an id that nobody had */
export function createSequences(newProducer: (signal: AbortSignal) => Promise<ProducerId>): Sequences {
  let current: Identity | undefined;
  const places = new Map<string, Slot>();

  function forget(ids: readonly string[]): void {
    for (const id of ids) places.delete(id);
  }

  return {
    find: (id) => places.get(id),
    async take(partition, group, signal) {
      const before = places.get(group.ids[0] ?? '');
      if (before !== undefined && before.partition === partition && isSame(before, group)) return before;
      if (current === undefined || current.unknown.has(partition) || current.next.size >= MOST_PARTITIONS) {
        current = { ...(await newProducer(signal)), next: new Map(), unknown: new Set() };
      }
      return { identity: current, partition, sequence: current.next.get(partition) ?? 0, ...group };
    },
    stored({ identity, partition, sequence, ids }) {
      forget(ids);
      identity.next.set(partition, (sequence + ids.length) % SEQUENCES);
      identity.unknown.delete(partition);
    },
    refused({ ids }) {
      // Of records that an earlier attempt may have stored, the partition stays unknown: their sequence may be taken.
      forget(ids);
    },
    unknown(slot) {
      slot.identity.unknown.add(slot.partition);
      forget(slot.ids);
      // The text and not the records, which need not be kept.
      const fingerprint = slot.fingerprint();
      const place = { ...slot, fingerprint: () => fingerprint };
      for (const id of slot.ids) places.set(id, place);
      for (const id of places.keys()) {
        if (places.size <= MOST_UNKNOWN) break;
        places.delete(id);
      }
    },
    broken({ identity, ids }) {
      forget(ids);
      if (identity === current) current = undefined;
    },
  };
}

function isSame(a: Group, b: Group): boolean {
  if (a.ids.length !== b.ids.length || !a.ids.every((id, index) => id === b.ids[index])) return false;
  return a.fingerprint() === b.fingerprint();
}
