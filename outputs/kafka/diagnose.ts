import type { Finding } from '../../core/sdk/index.ts';
import type { KafkaClient, Topic } from './client.ts';
import type { Address, Library } from './connections.ts';
import { describeCode, faultOf } from './errors.ts';
import { nameOf } from './options.ts';

/** Code of AclOperation.WRITE: a bit of what a broker says the client may do. */
const WRITE = 4;

export interface DiagnoseRequest {
  readonly brokers: readonly Address[];
  /** The topic of the sample event. */
  readonly topic: string;
  readonly idempotent: boolean;
  readonly allowTopicCreation: boolean;
}

/** Asks each broker for a connection, and one of them about the topic, the permission to write and a producer id. Writes nothing. */
export async function* diagnoseKafka(
  library: Library,
  client: KafkaClient,
  { brokers, topic: name, idempotent, allowTopicCreation }: DiagnoseRequest,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const reached = await Promise.all(
    brokers.map((broker) =>
      client.reach(broker, signal).then(
        () => undefined,
        (error: unknown) => faultOf(library, error),
      ),
    ),
  );
  const some = reached.includes(undefined);
  for (const [index, broker] of brokers.entries()) {
    const fault = reached[index];
    if (fault === undefined) yield { status: 'ok', what: 'broker', line: `${nameOf(broker)} answers` };
    else {
      const status = some && !fault.denied ? 'warning' : 'failed';
      yield { status, what: 'broker', line: `${nameOf(broker)}: ${fault.reason}` };
    }
  }
  if (!some) return;
  try {
    const topics = await client.topics([name], signal);
    yield* findingsOf(library, name, topics.get(name), allowTopicCreation);
  } catch (error) {
    yield { status: 'failed', what: 'topic', line: `${name}: ${faultOf(library, error).reason}` };
  }
  if (!idempotent) return;
  try {
    await client.newProducerId(signal);
    yield { status: 'ok', what: 'producer id', line: 'the brokers tell repeated records apart' };
  } catch (error) {
    yield { status: 'failed', what: 'producer id', line: faultOf(library, error).reason };
  }
}

function* findingsOf(
  library: Library,
  name: string,
  topic: Topic | undefined,
  allowTopicCreation: boolean,
): Generator<Finding> {
  const code = topic?.errorCode ?? 3;
  if (topic === undefined || code !== 0) {
    // Asking for a topic that brokers create makes them create it; for a moment it has no leader.
    const status = allowTopicCreation && code === 5 ? 'plan' : 'failed';
    yield { status, what: 'topic', line: `${name}: ${describeCode(library, code)}` };
    return;
  }
  const { partitions, operations } = topic;
  const count = partitions.length;
  const leaderless = [...partitions.keys()].filter((number) => partitions[number]?.leader === undefined);
  if (leaderless.length > 0) {
    const line = `${name}: partitions without a leader: ${leaderless.join(', ')} of ${count}; bring their brokers back`;
    yield { status: 'failed', what: 'topic', line };
  } else {
    const behind = partitions.filter(({ replicas, inSync }) => inSync < replicas).length;
    const note = behind === 0 ? '' : `; ${behind} of them with replicas that are not in sync`;
    yield { status: 'ok', what: 'topic', line: `${name} has ${count} partitions${note}` };
  }
  if (operations === undefined)
    yield {
      status: 'not_checked',
      what: 'permission',
      line: `${name}: the brokers do not say who may write`,
    };
  else if ((operations & (1 << WRITE)) === 0)
    yield { status: 'failed', what: 'permission', line: `${name}: ${describeCode(library, 29)}` };
  else yield { status: 'ok', what: 'permission', line: `${name}: this client may write` };
}
