import type { MessageRecord } from '@platformatic/kafka';
import {
  type Address,
  answerIn,
  type ConnectionsOptions,
  createConnections,
  type Library,
  REQUEST_TIMEOUT,
} from './connections.ts';

/** A topic as the brokers describe it. */
export interface Topic {
  /** Of the protocol; 0 when all is well. */
  readonly errorCode: number;
  readonly partitions: readonly Partition[];
  /** Bits of what this client may do, by the codes of AclOperation; undefined when the broker does not say. */
  readonly operations: number | undefined;
}

/** A partition of a topic; its number is its place in the list. */
export interface Partition {
  readonly errorCode: number;
  /** Undefined while it has none. */
  readonly leader: Address | undefined;
  readonly replicas: number;
  readonly inSync: number;
}

/** Who sends, for the broker to tell repeated records apart. */
export interface ProducerId {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

/** One Produce request: the records of a few partitions that one broker leads. */
export interface ProduceRequest extends Partial<ProducerId> {
  readonly messages: MessageRecord[];
  /** Sequence of the first record, by `topic:partition`. */
  readonly sequences?: ReadonlyMap<string, number>;
}

/** What the broker says of one partition of a request. */
export interface PartitionAnswer {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
  /** Records that are at fault, by their place in the request; where the broker knows. */
  readonly recordErrors?: readonly {
    readonly batchIndex: number;
    readonly batchIndexErrorMessage?: string | null;
  }[];
}

export interface ClientOptions extends ConnectionsOptions {
  /** The brokers that are asked first. */
  readonly brokers: readonly Address[];
  readonly allowTopicCreation: boolean;
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Connections to the brokers of a cluster, and the requests that a producer makes. Nothing of it tries again. */
export interface KafkaClient {
  /**
   * Opens a connection to one broker.
   *
   * @throws what the library throws, of the first broker, when none can be reached
   */
  connect(signal: AbortSignal): Promise<void>;
  /** Opens a connection to this broker, for a check of each. */
  reach(address: Address, signal: AbortSignal): Promise<void>;
  /** What the brokers say of these topics, kept for a minute. */
  topics(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Topic>>;
  /** Ask again about this topic the next time: its leader has moved, or does not answer. */
  forget(topic: string): void;
  newProducerId(signal: AbortSignal): Promise<ProducerId>;
  /** The answer by `topic:partition`; a partition that is missing got none. */
  produce(
    leader: Address,
    request: ProduceRequest,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, PartitionAnswer>>;
  /** Ends all connections at once; the next request opens others. */
  close(): void;
}

/** How long the leader waits for its replicas, milliseconds; then it answers REQUEST_TIMED_OUT. */
const REPLICATION_TIMEOUT = 10_000;
/** How long what is known of a topic is used, milliseconds: new partitions are found after it. */
const TOPIC_AGE = 60_000;
/** Topics that are remembered: a template may make a great many. */
const MOST_TOPICS = 1000;
/** What a broker answers that does not say what the client may do. */
const OPERATIONS_UNKNOWN = -0x80000000;
const ACKS_ALL = -1;

/**
 * A client of a Kafka cluster on the connections, the authentication and the wire format of the library.
 *
 * The library's `Producer` is not used. Measured with 1.35.0 and Kafka 4.3.1: its idempotent mode gives sends that are under way
 * together, and the send after a partly failed one, a sequence that the broker has seen, so that the broker acknowledges records
 * which it does not store. Its metadata handling can throw outside of any promise, which would end the process.
 */
export function kafkaClient(library: Library, options: ClientOptions): KafkaClient {
  const { ask, askAny, apiOf, close } = createConnections(library, options);
  const known = new Map<string, { readonly topic: Topic; readonly at: number }>();
  let members: readonly Address[] = [];

  const anyBroker = () => [...options.brokers, ...members];

  async function describe(names: readonly string[], signal: AbortSignal): Promise<void> {
    const { metadataV12, metadataV11, metadataV10, metadataV9 } = library;
    const apis = [metadataV12.api, metadataV11.api, metadataV10.api, metadataV9.api] as const;
    type Answer = Awaited<ReturnType<typeof metadataV12.api.async>>;
    const answer = await askAny(
      anyBroker(),
      async (connection): Promise<Answer> =>
        apiOf<(typeof apis)[number]>(connection, apis).async(
          connection,
          [...names],
          options.allowTopicCreation,
          true,
        ),
      signal,
    ).catch((error: unknown) => {
      // One topic that is unknown makes the library throw for all.
      const answered = answerIn(error) as Answer | undefined;
      if (answered?.topics === undefined) throw error;
      return answered;
    });
    const leaders = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    members = [...leaders.values()];
    for (const { name, errorCode, partitions, topicAuthorizedOperations: bits } of answer.topics) {
      if (!name) continue;
      const sorted = [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex);
      const topic: Topic = {
        errorCode,
        operations: bits === OPERATIONS_UNKNOWN ? undefined : bits,
        partitions: sorted.map((partition) => ({
          errorCode: partition.errorCode,
          leader: leaders.get(partition.leaderId),
          replicas: partition.replicaNodes.length,
          inSync: partition.isrNodes.length,
        })),
      };
      known.delete(name);
      known.set(name, { topic, at: options.now() });
    }
  }

  return {
    async connect(signal) {
      await askAny(anyBroker(), async () => {}, signal);
    },
    async reach(address, signal) {
      await ask(address, async () => {}, signal);
    },
    async topics(names, signal) {
      const oldest = options.now() - TOPIC_AGE;
      const wanted = names.filter((name) => {
        const there = known.get(name);
        return there === undefined || there.at < oldest;
      });
      if (wanted.length > 0) await describe(wanted, signal);
      const found = new Map<string, Topic>();
      for (const name of names) {
        const there = known.get(name);
        if (there !== undefined) found.set(name, there.topic);
      }
      for (const name of known.keys()) {
        if (known.size <= MOST_TOPICS) break;
        known.delete(name);
      }
      return found;
    },
    forget(topic) {
      known.delete(topic);
    },
    async newProducerId(signal) {
      const { initProducerIdV5, initProducerIdV4, initProducerIdV3 } = library;
      const apis = [initProducerIdV5.api, initProducerIdV4.api, initProducerIdV3.api] as const;
      const { producerId, producerEpoch } = await askAny(
        anyBroker(),
        (connection) =>
          apiOf<(typeof apis)[number]>(connection, apis).async(connection, null, REQUEST_TIMEOUT, -1n, -1),
        signal,
      );
      return { producerId, producerEpoch };
    },
    async produce(leader, { messages, sequences, ...identity }, signal) {
      const { produceV9, produceV8, produceV7, NumericMap } = library;
      // From version 10 on, answers have tagged fields when a leader has moved (KIP-951), which the library misreads.
      const apis = [produceV9.api, produceV8.api, produceV7.api] as const;
      const numbers = sequences && new NumericMap(sequences);
      type Answer = Exclude<Awaited<ReturnType<typeof produceV9.api.async>>, boolean>;
      const answer = await ask(
        leader,
        async (connection) =>
          (await apiOf<(typeof apis)[number]>(connection, apis).async(
            connection,
            ACKS_ALL,
            REPLICATION_TIMEOUT,
            messages,
            { compression: options.compression, ...identity, ...(numbers && { sequences: numbers }) },
          )) as Answer,
        signal,
      ).catch((error: unknown) => {
        const answered = answerIn(error) as Answer | undefined;
        if (answered?.responses === undefined) throw error;
        return answered;
      });
      return new Map(
        answer.responses.flatMap(({ name, partitionResponses }) =>
          partitionResponses.map((one): [string, PartitionAnswer] => [`${name}:${one.index}`, one]),
        ),
      );
    },
    close,
  };
}
