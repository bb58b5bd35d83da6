import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Reader, readRecordsBatch, Writer } from '@platformatic/kafka';

/** A record in the log of the broker. */
export interface Logged {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | undefined;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Epoch milliseconds. */
  readonly timestamp: number;
}

/** Records that came for a partition. */
export interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly producerId: bigint;
  readonly sequence: number;
  readonly records: readonly Logged[];
}

/**
 * What becomes of records: stored; refused with that code, of the records in `bad` where they are named; never answered; or the
 * connection is cut before or after they are stored.
 */
export type Verdict =
  | 'store'
  | 'hang'
  | 'cut'
  | 'store and hang'
  | 'store and cut'
  | {
      readonly code: number;
      readonly message?: string;
      readonly bad?: readonly number[];
      readonly store?: boolean;
    };

export interface BrokerOptions {
  /** Number of partitions, by topic. */
  readonly topics: Readonly<Record<string, number>>;
  /** Number of partitions of every other topic; without: there is none. */
  readonly newTopics?: number;
  /** Of the user `falco`, by PLAIN. Without: nobody is authenticated. */
  readonly password?: string;
  /** Whether it takes a token of OAUTHBEARER, which it offers then instead of PLAIN. */
  readonly takesToken?: (token: string) => boolean;
  /** Does it offer producer ids? Default true. Otherwise it refuses them with CLUSTER_AUTHORIZATION_FAILED. */
  readonly producerIds?: boolean;
  /** Bits of what everybody may do with a topic; default WRITE and DESCRIBE. */
  readonly operations?: number;
  /** The newest version of Produce that it speaks; default 13, as Kafka 4. */
  readonly produceVersion?: number;
}

/** `socket.request.max.bytes` of Kafka. */
const LARGEST_REQUEST = 100 * 1024 * 1024;

const API = { produce: 0, metadata: 3, handshake: 17, apiVersions: 18, initProducerId: 22, authenticate: 36 };

/** Where a response has tagged fields in its header; ApiVersions never has. */
const isFlexible = (key: number, version: number) =>
  (key === API.produce && version >= 9) ||
  (key === API.metadata && version >= 9) ||
  (key === API.initProducerId && version >= 2) ||
  (key === API.authenticate && version >= 2) ||
  (key === API.apiVersions && version >= 3);

/**
 * As much of a Kafka broker as a producer meets: ApiVersions, SASL PLAIN, Metadata, InitProducerId and Produce, with the
 * sequences of idempotent producers as Kafka keeps them. The real broker is in the services tier.
 */
export async function kafkaBroker({
  topics,
  newTopics,
  password,
  takesToken,
  producerIds = true,
  operations,
  produceVersion = 13,
}: BrokerOptions) {
  const log: Logged[] = [];
  const produced: Produced[] = [];
  const asked: number[] = [];
  const mayCreate: boolean[] = [];
  const sockets = new Set<Socket>();
  /** The last batches of a producer in a partition: first and next sequence. */
  const batches = new Map<string, (readonly [first: number, next: number])[]>();
  const state = {
    partitions: { ...topics } as Record<string, number>,
    /** Says nothing at all any more. */
    silent: false,
    leaderless: new Set<string>(),
    judge: (_: Produced): Verdict => 'store',
  };
  let nextProducerId = 1000n;

  /** As Kafka's ProducerAppendInfo: a sequence that it has is a repetition, any other but the next is an error. */
  function append({ topic, partition, producerId, sequence, records }: Produced): number {
    if (producerId >= 0n) {
      const name = `${producerId} ${topic}:${partition}`;
      const earlier = batches.get(name) ?? [];
      const next = sequence + records.length;
      if (earlier.some(([first, end]) => first === sequence && end === next)) return 0;
      const expected = earlier.at(-1)?.[1] ?? sequence;
      if (sequence !== expected) return 45;
      batches.set(name, [...earlier, [sequence, next] as const].slice(-5));
    }
    log.push(...records);
    return 0;
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    let buffer = Buffer.alloc(0);
    let authenticated = password === undefined && takesToken === undefined;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      // As Kafka does with what is too long for a request: the first bytes of TLS or HTTP, for example.
      if (buffer.length >= 4 && buffer.readUInt32BE(0) > LARGEST_REQUEST) socket.destroy();
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readInt32BE(0)) {
        const end = 4 + buffer.readInt32BE(0);
        const request = Reader.from(buffer.subarray(4, end));
        buffer = buffer.subarray(end);
        if (!state.silent) serve(request);
      }
    });

    function serve(request: Reader): void {
      const key = request.readInt16();
      const version = request.readInt16();
      const correlation = request.readInt32();
      request.readNullableString(false);
      asked.push(key);
      if (isFlexible(key, version)) request.readTaggedFields();
      const answer = Writer.create().appendInt32(correlation);
      if (isFlexible(key, version) && key !== API.apiVersions) answer.appendTaggedFields();
      if (!authenticated && key !== API.apiVersions && key !== API.handshake && key !== API.authenticate) {
        socket.destroy();
        return;
      }
      if (key === API.apiVersions) apiVersions(answer);
      else if (key === API.handshake) {
        const offered = takesToken === undefined ? 'PLAIN' : 'OAUTHBEARER';
        answer.appendInt16(request.readString(false) === offered ? 0 : 33);
        answer.appendArray([offered], (w, name) => w.appendString(name, false), false, false);
      } else if (key === API.authenticate) {
        const said = request.readBytes().toString();
        // RFC 7628: the token ends with two characters of value 1.
        const token = said.split('auth=Bearer ')[1]?.slice(0, -2) ?? '';
        authenticated = takesToken?.(token) ?? said === `\0falco\0${password}`;
        answer.appendInt16(authenticated ? 0 : 58);
        answer.appendString(authenticated ? null : 'Authentication failed: Invalid username or password');
        answer.appendBytes(Buffer.alloc(0)).appendInt64(0n).appendTaggedFields();
      } else if (key === API.metadata) metadata(request, answer);
      else if (key === API.initProducerId) {
        answer.appendInt32(0).appendInt16(producerIds ? 0 : 31);
        answer
          .appendInt64(producerIds ? nextProducerId++ : -1n)
          .appendInt16(0)
          .appendTaggedFields();
      } else if (key === API.produce) {
        if (!produce(request, answer, version)) return;
      } else throw new Error(`the broker of the tests does not speak API ${key}`);
      socket.write(answer.prependLength().buffer);
    }

    function apiVersions(answer: Writer): void {
      const versions = [
        [API.produce, 3, produceVersion],
        [API.metadata, 0, 13],
        [API.handshake, 0, 1],
        [API.apiVersions, 0, 4],
        [API.initProducerId, 0, 5],
        [API.authenticate, 0, 2],
      ] as const;
      answer.appendInt16(0);
      answer.appendArray([...versions], (w, [api, from, to]) =>
        w.appendInt16(api).appendInt16(from).appendInt16(to),
      );
      answer.appendInt32(0).appendTaggedFields();
    }

    function metadata(request: Reader, answer: Writer): void {
      const names = request.readArray((r) => {
        r.readUUID();
        return r.readString();
      });
      mayCreate.push(request.readBoolean());
      const { port } = server.address() as AddressInfo;
      answer.appendInt32(0);
      answer.appendArray([0], (w, node) =>
        w.appendInt32(node).appendString('127.0.0.1').appendInt32(port).appendString(null),
      );
      answer.appendString('cluster').appendInt32(0);
      answer.appendArray(names, (w, name) => {
        const count = state.partitions[name] ?? newTopics;
        w.appendInt16(count === undefined ? 3 : 0)
          .appendString(name)
          .appendUUID(null)
          .appendBoolean(false);
        w.appendArray([...Array(count ?? 0).keys()], (p, index) => {
          const led = !state.leaderless.has(`${name}:${index}`);
          p.appendInt16(led ? 0 : 5)
            .appendInt32(index)
            .appendInt32(led ? 0 : -1)
            .appendInt32(0);
          const nodes = [[0], led ? [0] : [], led ? [] : [0]];
          for (const list of nodes) p.appendArray(list, (n, node) => n.appendInt32(node), true, false);
        });
        w.appendInt32(operations ?? (1 << 4) | (1 << 8));
      });
      answer.appendTaggedFields();
    }

    /** @returns false when there is no answer */
    function produce(request: Reader, answer: Writer, version: number): boolean {
      const compact = version >= 9;
      request.readNullableString(compact);
      if (request.readInt16() !== -1) throw new Error('the producer does not wait for all replicas');
      request.readInt32();
      const verdicts: Verdict[] = [];
      const responses = request.readArray(
        (r) => {
          const topic = r.readString(compact);
          const partitions = r.readArray(
            (p) => {
              const partition = p.readInt32();
              if (compact) p.readUnsignedVarInt();
              else p.readInt32();
              const { records, producerId, firstSequence, firstTimestamp } = readRecordsBatch(p);
              const one: Produced = {
                topic,
                partition,
                producerId,
                sequence: firstSequence,
                records: records.map(({ key, value, headers, timestampDelta }) => ({
                  topic,
                  partition,
                  key: key?.toString(),
                  value: String(value),
                  headers: Object.fromEntries(headers.map(([name, text]) => [String(name), String(text)])),
                  timestamp: Number(firstTimestamp + timestampDelta),
                })),
              };
              produced.push(one);
              const verdict = state.judge(one);
              verdicts.push(verdict);
              if (typeof verdict === 'object') {
                if (verdict.store) append(one);
                return { partition, ...verdict };
              }
              const code = /store/.test(verdict) ? append(one) : 0;
              return { partition, code };
            },
            compact,
            compact,
          );
          return { topic, partitions };
        },
        compact,
        compact,
      );
      if (verdicts.some((one) => one === 'cut' || one === 'store and cut')) socket.destroy();
      if (verdicts.some((one) => typeof one === 'string' && one !== 'store')) return false;
      answer.appendArray(
        responses,
        (w, { topic, partitions }) =>
          w.appendString(topic, compact).appendArray(
            partitions,
            (
              p,
              {
                partition,
                code,
                message,
                bad = [],
              }: { partition: number; code: number; message?: string; bad?: readonly number[] },
            ) => {
              p.appendInt32(partition).appendInt16(code).appendInt64(0n).appendInt64(-1n).appendInt64(0n);
              if (version < 8) return;
              p.appendArray(
                [...bad],
                (b, index) => b.appendInt32(index).appendString(`record ${index} is bad`, compact),
                compact,
                compact,
              );
              p.appendString(message ?? null, compact);
              // KIP-951: which broker leads now. One field, its tag, its length, the leader, its epoch, no fields.
              if (version >= 10 && code === 6)
                p.appendUnsignedVarInt(1)
                  .appendUnsignedVarInt(0)
                  .appendUnsignedVarInt(9)
                  .appendInt32(0)
                  .appendInt32(1)
                  .appendTaggedFields();
              else if (compact) p.appendTaggedFields();
            },
            compact,
            false,
          ),
        compact,
        compact,
      );
      answer.appendInt32(0);
      if (compact) answer.appendTaggedFields();
      return true;
    }
  });
  const listen = (at: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(at, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = async () => {
    cut();
    if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return {
    address: `127.0.0.1:${port}`,
    log,
    /** Every record batch that came, stored or not. */
    produced,
    /** The API keys of the requests so far. */
    asked,
    /** Whether the client let it create topics, for each request about topics. */
    mayCreate,
    sockets,
    /** How it behaves from now on. */
    state,
    /** Ends all connections. */
    cut,
    /** Ends all connections and refuses others. */
    stop,
    /** Accepts connections again after `stop`, at the same address. */
    async resume() {
      if (!server.listening) await listen(port);
    },
  };
}
