import { createHash } from 'node:crypto';
import type { Delivery, Refusal } from '../../core/sdk/index.ts';
import { abortable, deliveredExcept } from '../../core/sdk/index.ts';
import type { KafkaClient, PartitionAnswer, Topic } from './client.ts';
import type { Address, Library } from './connections.ts';
import { describeCode, type Fault, faultOf, meaningOf } from './errors.ts';
import { type Message, partitionOf } from './message.ts';
import { createSequences, type Group, type Sequences, type Slot } from './sequences.ts';

export interface ProducerOptions {
  readonly idempotent: boolean;
  /** The most bytes of the records that go to one partition at once. */
  readonly maxBytes: number;
}

/** Sends messages and says of each what became of it. */
export interface KafkaProducer {
  /** One call after the other is served: the order of calls is the order in each partition. */
  send(messages: readonly Message[], signal: AbortSignal): Promise<Delivery>;
}

/** A message and its place in the batch. */
interface Entry {
  readonly index: number;
  readonly message: Message;
}

/** The messages that go to one partition, in order, and those at the front that go next. */
interface Lane {
  readonly topic: string;
  readonly partition: number;
  /** `topic:partition` */
  readonly name: string;
  readonly leader: Address;
  chunks: Entry[][];
}

/** A chunk under way. */
interface Sending {
  readonly lane: Lane;
  readonly chunk: readonly Entry[];
  /** Undefined without idempotence. */
  readonly slot: Slot | undefined;
}

/** What a record batch has beside its records. */
const BATCH_OVERHEAD = 61;

export function kafkaProducer(
  library: Library,
  client: KafkaClient,
  { idempotent, maxBytes }: ProducerOptions,
): KafkaProducer {
  const sequences = idempotent ? createSequences((signal) => client.newProducerId(signal)) : undefined;
  const fault = (error: unknown): Fault => faultOf(library, error);
  /** Counts calls: messages without a key go to one partition a call, each time the next. */
  let calls = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function sendAll(messages: readonly Message[], outcome: Outcome, signal: AbortSignal): Promise<void> {
    const names = [...new Set(messages.map(({ topic }) => topic))];
    const topics = await client.topics(names, signal);
    let lanes = lanesOf(messages, topics, outcome);
    while (lanes.length > 0) {
      await sendFirstChunks(lanes, outcome, signal);
      lanes = lanes.filter(({ chunks }) => chunks.length > 0);
    }
  }

  /** Chooses the partition of each message, and cuts what goes to each into chunks. */
  function lanesOf(
    messages: readonly Message[],
    topics: ReadonlyMap<string, Topic>,
    outcome: Outcome,
  ): Lane[] {
    const turn = calls++;
    const entries = new Map<string, { lane: Omit<Lane, 'chunks'>; entries: Entry[] }>();
    for (const [index, message] of messages.entries()) {
      const { topic: name, key, id } = message;
      const topic = topics.get(name);
      if (topic === undefined || topic.errorCode !== 0 || topic.partitions.length === 0) {
        client.forget(name);
        const code = topic?.errorCode || 3;
        const reason = `topic ${name}: ${describeCode(library, code)}`;
        outcome.again(index, { reason, denied: meaningOf(code) === 'denied' });
        continue;
      }
      const number =
        key === undefined
          ? (earlierPartition(sequences, name, topic, id) ?? nextPartition(topic, turn))
          : partitionOf(key, topic.partitions.length, library.murmur2);
      const { leader, errorCode = 5 } = topic.partitions[number] ?? {};
      if (leader === undefined) {
        client.forget(name);
        const reason = `topic ${name}, partition ${number}: ${describeCode(library, errorCode || 5)}`;
        outcome.again(index, { reason, denied: false });
        continue;
      }
      const laneName = `${name}:${number}`;
      const lane = { topic: name, partition: number, name: laneName, leader };
      const there = entries.get(laneName) ?? { lane, entries: [] };
      there.entries.push({ index, message });
      entries.set(laneName, there);
    }
    return [...entries.values()].map(({ lane, entries: waiting }) => ({
      ...lane,
      chunks: chunksOf(waiting, maxBytes, sequences),
    }));
  }

  /** Sends the first chunk of each lane, all of one leader and producer in one request. */
  async function sendFirstChunks(
    lanes: readonly Lane[],
    outcome: Outcome,
    signal: AbortSignal,
  ): Promise<void> {
    const requests = new Map<string, Sending[]>();
    for (const lane of lanes) {
      const chunk = lane.chunks[0]!;
      let slot: Slot | undefined;
      try {
        slot = await sequences?.take(lane.name, groupOf(chunk), signal);
      } catch (error) {
        endLane(lane, fault(error), outcome);
        continue;
      }
      const request = `${lane.leader.host}:${lane.leader.port} ${slot?.identity.producerId ?? ''}`;
      requests.set(request, [...(requests.get(request) ?? []), { lane, chunk, slot }]);
    }
    await Promise.all([...requests.values()].map((sendings) => request(sendings, outcome, signal)));
  }

  async function request(sendings: readonly Sending[], outcome: Outcome, signal: AbortSignal): Promise<void> {
    const [{ lane, slot }] = sendings as [Sending];
    const messages = sendings.flatMap(({ lane: { topic, partition }, chunk }) =>
      chunk.map(({ message: { key, value, headers, timestamp } }) => ({
        topic,
        partition,
        value,
        headers,
        timestamp,
        ...(key !== undefined && { key }),
      })),
    );
    let answers: ReadonlyMap<string, PartitionAnswer>;
    try {
      answers = await client.produce(
        lane.leader,
        slot === undefined
          ? { messages }
          : {
              messages,
              producerId: slot.identity.producerId,
              producerEpoch: slot.identity.producerEpoch,
              sequences: new Map(
                sendings.map(({ lane: { name }, slot: one }) => [name, one?.sequence ?? 0] as const),
              ),
            },
        signal,
      );
    } catch (error) {
      for (const sending of sendings) leaveUnknown(sending, fault(error), outcome);
      return;
    }
    for (const sending of sendings) judge(sending, answers.get(sending.lane.name), outcome);
  }

  /** What the answer about its partition means for a chunk, and for those after it. */
  function judge(sending: Sending, answer: PartitionAnswer | undefined, outcome: Outcome): void {
    const { lane, chunk, slot } = sending;
    if (answer === undefined) {
      leaveUnknown(sending, { reason: 'the answer says nothing of the partition', denied: false }, outcome);
      return;
    }
    const { errorCode, errorMessage, recordErrors = [] } = answer;
    const meaning = meaningOf(errorCode);
    const at = `topic ${lane.topic}, partition ${lane.partition}`;
    const reason = `${at}: ${describeCode(library, errorCode, errorMessage)}`;
    switch (meaning) {
      case 'stored':
        if (slot !== undefined) sequences?.stored(slot);
        lane.chunks.shift();
        return;
      case 'too_large':
      case 'invalid': {
        if (slot !== undefined) sequences?.refused(slot);
        const bad = new Map(
          recordErrors.map((one) => [one.batchIndex, one.batchIndexErrorMessage ?? reason] as const),
        );
        // Without a name all are suspects: halves are tried until the record is found.
        if (chunk.length === 1) bad.set(0, bad.get(0) ?? reason);
        const rest = chunk.filter((_, place) => !bad.has(place));
        for (const [place, why] of bad) {
          const entry = chunk[place];
          if (entry !== undefined) outcome.reject(entry.index, why === reason ? why : `${at}: ${why}`);
        }
        const next = rest.length < chunk.length ? [rest] : halves(chunk);
        lane.chunks.splice(0, 1, ...next.filter(({ length }) => length > 0));
        return;
      }
      case 'denied':
        leaveUnknown(sending, { reason, denied: true }, outcome);
        return;
      case 'producer':
        if (slot !== undefined) sequences?.broken(slot);
        endLane(lane, { reason, denied: false }, outcome);
        return;
      default:
        leaveUnknown(sending, { reason, denied: false }, outcome);
    }
  }

  /** The records may be stored or not; the leader is looked for again. */
  function leaveUnknown({ lane, slot }: Sending, why: Fault, outcome: Outcome): void {
    if (slot !== undefined) sequences?.unknown(slot);
    client.forget(lane.topic);
    endLane(lane, why, outcome);
  }

  return {
    async send(messages, signal) {
      const before = last;
      const outcome = newOutcome();
      const turn = (async () => {
        await abortable(before, signal);
        await sendAll(messages, outcome, signal);
      })().catch((error: unknown) => {
        // Nothing was sent: the others wait for their turn, or no broker says where the topics are.
        for (const index of messages.keys()) outcome.again(index, fault(error));
      });
      // A call that gave up waiting must not let the next one overtake the one before.
      last = Promise.all([before, turn]);
      await turn;
      return outcome.delivery();
    },
  };
}

/** None of a lane's messages go any further in this attempt: the order is kept. */
function endLane(lane: Lane, why: Fault, outcome: Outcome): void {
  for (const { index } of lane.chunks.flat()) outcome.again(index, why);
  lane.chunks = [];
}

/** What became of the messages of a batch, so far; those that are not named are delivered. */
interface Outcome {
  again(index: number, why: Fault): void;
  reject(index: number, reason: string): void;
  delivery(): Delivery;
}

function newOutcome(): Outcome {
  const refusals: Refusal[] = [];
  let refused = false;
  return {
    again(index, { reason, denied }) {
      refusals.push({ index, reason: `Kafka: ${reason}`, again: true });
      refused ||= denied;
    },
    reject(index, reason) {
      refusals.push({ index, reason: `Kafka: ${reason}`, again: false });
    },
    delivery: () =>
      deliveredExcept(
        [...refusals].sort((a, b) => a.index - b.index),
        refused ? { denied: true } : {},
      ),
  };
}

/** Where an event without a key was sent before, when it is unknown whether it arrived. */
function earlierPartition(
  sequences: Sequences | undefined,
  name: string,
  { partitions }: Topic,
  id: string,
): number | undefined {
  const slot = sequences?.find(id);
  if (slot === undefined || !slot.partition.startsWith(`${name}:`)) return undefined;
  const number = Number(slot.partition.slice(name.length + 1));
  return number < partitions.length ? number : undefined;
}

/** A partition with a leader, each time another; the first when none has one. */
function nextPartition({ partitions }: Topic, turn: number): number {
  const led = [...partitions.keys()].filter((number) => partitions[number]?.leader !== undefined);
  return led[turn % led.length] ?? 0;
}

/** Chunks of at most so many bytes; what was sent together before, and may be stored, stays together. */
function chunksOf(entries: readonly Entry[], maxBytes: number, sequences: Sequences | undefined): Entry[][] {
  const chunks: Entry[][] = [];
  let open: Entry[] | undefined;
  let bytes = 0;
  for (let at = 0; at < entries.length; ) {
    const entry = entries[at]!;
    const together = sequences?.find(entry.message.id)?.ids ?? [];
    if (together.length > 0 && together.every((id, offset) => entries[at + offset]?.message.id === id)) {
      chunks.push(entries.slice(at, at + together.length));
      at += together.length;
      open = undefined;
      continue;
    }
    if (open === undefined || bytes + entry.message.bytes > maxBytes) {
      open = [];
      bytes = BATCH_OVERHEAD;
      chunks.push(open);
    }
    open.push(entry);
    bytes += entry.message.bytes;
    at++;
  }
  return chunks;
}

function groupOf(chunk: readonly Entry[]): Group {
  return {
    ids: chunk.map(({ message }) => message.id),
    fingerprint() {
      const hash = createHash('sha256');
      for (const { message } of chunk) {
        const { key = Buffer.alloc(0), value } = message;
        hash.update(`${key.length} ${value.length} `).update(key).update(value);
      }
      return hash.digest('base64');
    },
  };
}

function halves<T>(list: readonly T[]): T[][] {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}
