import { describeFailure } from '../../core/sdk/index.ts';
import type { Library } from './connections.ts';

/** What the error code of a partition says of the records that were sent to it. */
export type Meaning =
  /** They are in the log. */
  | 'stored'
  /** Too many bytes at once: fewer records may be taken; one alone never. */
  | 'too_large'
  /** The content of a record is refused; the answer may say of which. */
  | 'invalid'
  /** The client may not write there. */
  | 'denied'
  /** The broker does not know the producer or its sequence any more: a new producer is needed. */
  | 'producer'
  /** Anything that passes or that an operator repairs. */
  | 'retry';

/** Codes of https://kafka.apache.org/protocol#protocol_error_codes (Kafka 4.3); every other one means `retry`. */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [0, 'stored'],
  [46, 'stored'], // DUPLICATE_SEQUENCE_NUMBER: it has them from an earlier attempt.
  [10, 'too_large'], // MESSAGE_TOO_LARGE
  [18, 'too_large'], // RECORD_LIST_TOO_LARGE
  [32, 'invalid'], // INVALID_TIMESTAMP
  [87, 'invalid'], // INVALID_RECORD
  [29, 'denied'], // TOPIC_AUTHORIZATION_FAILED
  [31, 'denied'], // CLUSTER_AUTHORIZATION_FAILED
  [33, 'denied'], // UNSUPPORTED_SASL_MECHANISM
  [53, 'denied'], // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
  [58, 'denied'], // SASL_AUTHENTICATION_FAILED
  [45, 'producer'], // OUT_OF_ORDER_SEQUENCE_NUMBER
  [47, 'producer'], // INVALID_PRODUCER_EPOCH
  [49, 'producer'], // INVALID_PRODUCER_ID_MAPPING
  [59, 'producer'], // UNKNOWN_PRODUCER_ID
  [90, 'producer'], // PRODUCER_FENCED
]);

/** What to do about the errors that operators meet. */
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [3, 'create the topic, or set allow_topic_creation: true where the brokers create topics'],
  [5, 'the partition has no leader at the moment'],
  [10, 'raise max.message.bytes of the topic (message.max.bytes of the broker) to take it'],
  [17, 'the brokers do not take this name of a topic'],
  [19, 'fewer replicas are in sync than min.insync.replicas of the topic'],
  [20, 'fewer replicas are in sync than min.insync.replicas of the topic'],
  [29, 'the user needs the permission Write on the topic'],
  [31, 'set idempotent: false, or give the user the permission IdempotentWrite on the cluster'],
  [33, 'the broker does not offer this sasl.mechanism'],
  [76, 'the broker does not take this compression'],
]);

export function meaningOf(code: number): Meaning {
  return MEANINGS.get(code) ?? 'retry';
}

/**
 * The name of an error code, what the broker says of it, and what to do.
 *
 * @example describeCode(library, 3) // 'UNKNOWN_TOPIC_OR_PARTITION: create the topic, or …'
 */
export function describeCode(
  { protocolErrorsCodesById: names }: Pick<Library, 'protocolErrorsCodesById'>,
  code: number,
  said?: string | null,
): string {
  const name = (names as Readonly<Record<number, string>>)[code] ?? `error ${code}`;
  return [name, said, REMEDIES.get(code)].filter(Boolean).join(': ');
}

/** What went wrong when no broker gave an answer about the records. */
export interface Fault {
  readonly reason: string;
  /** The credentials are refused. */
  readonly denied: boolean;
  /** The code of the protocol, where a broker answered with one. */
  readonly code?: number;
}

/** Names of TLS faults that mean refused credentials: the broker wants a client certificate, or another one. */
const CERTIFICATE_REFUSED = /CERTIFICATE_(REQUIRED|UNKNOWN)|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE/i;

/** The library says so when no token could be had, which may pass: no broker has refused anything. */
const isOfProvider = (message: string) => / provider threw an error/.test(message);

interface Nested extends Error {
  readonly code?: unknown;
  readonly errors?: readonly unknown[];
  readonly apiCode?: unknown;
  readonly serverErrorMessage?: string | null;
}

/** What the library threw, as one line: its errors are chains of causes and lists, and the reason is in the innermost one. */
export function faultOf(library: Library, error: unknown): Fault {
  const all = [...chainOf(error)];
  const answered = all.find(({ apiCode }) => typeof apiCode === 'number');
  const denied = all.some(
    ({ code, message, apiCode }) =>
      (code === library.AuthenticationError.code && !isOfProvider(message)) ||
      meaningOf(Number(apiCode)) === 'denied' ||
      (typeof code === 'string' && CERTIFICATE_REFUSED.test(`${code} ${message}`)),
  );
  const [outermost = new Error(String(error)) as Nested] = all;
  if (answered !== undefined) {
    const code = answered.apiCode as number;
    const line = describeCode(library, code, answered.serverErrorMessage);
    const answer = outermost === answered || outermost.code === library.ResponseError.code;
    return { reason: answer ? line : `${outermost.message} ${line}`, denied, code };
  }
  const innermost = all.at(-1) ?? outermost;
  // Codes of the library say nothing to an operator; those of Node do.
  const ofLibrary = String(innermost.code ?? '').startsWith('PLT_KFK');
  const line = ofLibrary ? innermost.message : describeFailure(innermost);
  return { reason: innermost === outermost ? line : `${outermost.message} ${line}`, denied };
}

/** The error, its causes and those in its lists, from the outside in. */
function* chainOf(error: unknown): Generator<Nested> {
  if (!(error instanceof Error)) return;
  const nested = error as Nested;
  yield nested;
  yield* chainOf(nested.cause);
  for (const one of nested.errors ?? []) yield* chainOf(one);
}
