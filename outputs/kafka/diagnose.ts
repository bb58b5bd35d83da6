import { type Address, type Finding, reach } from '../../core/sdk/index.ts';
import type { KafkaClient, Topic } from './client.ts';
import type { Library } from './connections.ts';
import { describeCode, faultOf } from './errors.ts';
import { nameOf } from './options.ts';

/** Codes of AclOperation and of errors (https://kafka.apache.org/protocol). */
const WRITE = 4;
const UNKNOWN_TOPIC = 3;
const TOPIC_AUTHORIZATION_FAILED = 29;

/** What is looked at. */
export interface DiagnoseRequest {
  /** Those of the options, each with how it speaks TLS. */
  readonly brokers: readonly Address[];
  /** The topic of the sample event. */
  readonly topic: string;
  readonly idempotent: boolean;
  /** Do brokers create the topic when the first event is sent? */
  readonly allowTopicCreation: boolean;
}

/**
 * Looks step by step at each broker (name, connection, TLS, login), and asks one of them about the topic, the permission to write
 * and a producer id. A broker that cannot be used is a warning while another one can be.
 *
 * @param client must not let brokers create topics: a diagnosis changes nothing
 */
export async function* diagnoseKafka(
  library: Library,
  client: KafkaClient,
  { brokers, topic: name, idempotent, allowTopicCreation }: DiagnoseRequest,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const looks = await Promise.all(brokers.map((broker) => lookAt(library, client, broker, signal)));
  const some = looks.some(({ isUsable }) => isUsable);
  for (const { findings, isDenied } of looks) {
    for (const finding of findings) {
      const isMinor = finding.status === 'failed' && some && !isDenied;
      yield isMinor ? { ...finding, status: 'warning' } : finding;
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

/** What was found of one broker. */
interface Look {
  readonly findings: readonly Finding[];
  readonly isUsable: boolean;
  /** It refused the credentials, which are the same for all. */
  readonly isDenied: boolean;
}

async function lookAt(
  library: Library,
  client: KafkaClient,
  address: Address,
  signal: AbortSignal,
): Promise<Look> {
  const findings: Finding[] = [];
  for await (const finding of reach(address, signal)) findings.push(finding);
  const broken = { findings, isUsable: false, isDenied: false };
  if (findings.some(({ status }) => status === 'failed')) return broken;
  const name = nameOf(address);
  try {
    await client.reach(address, signal);
    findings.push({ status: 'ok', what: 'broker', line: `${name} answers` });
    return { ...broken, isUsable: true };
  } catch (error) {
    const { reason, denied } = faultOf(library, error);
    findings.push({ status: 'failed', what: 'broker', line: `${name}: ${reason}` });
    return { ...broken, isDenied: denied };
  }
}

function* findingsOf(
  library: Library,
  name: string,
  topic: Topic | undefined,
  allowTopicCreation: boolean,
): Generator<Finding> {
  const code = topic?.errorCode ?? UNKNOWN_TOPIC;
  if (code === UNKNOWN_TOPIC && allowTopicCreation) {
    const line = `${name}: does not exist; brokers with auto.create.topics.enable create it for the first event`;
    yield { status: 'plan', what: 'topic', line };
    return;
  }
  if (topic === undefined || code !== 0) {
    yield { status: 'failed', what: 'topic', line: `${name}: ${describeCode(library, code)}` };
    return;
  }
  const { partitions, operations } = topic;
  const count = partitions.length;
  const leaderless = [...partitions.keys()].filter((number) => partitions[number]?.leader === undefined);
  if (leaderless.length > 0) {
    const line = `${name}: partitions without a leader: ${leaderless.join(', ')} of ${count}; bring their brokers back`;
    yield { status: leaderless.length === count ? 'failed' : 'warning', what: 'topic', line };
  } else {
    const behind = partitions.filter(({ replicas, inSync }) => inSync < replicas).length;
    const line = `${name} has ${count} partitions`;
    if (behind === 0) yield { status: 'ok', what: 'topic', line };
    else
      yield {
        status: 'warning',
        what: 'topic',
        line: `${line}; ${behind} have replicas that are not in sync`,
      };
  }
  if (operations === undefined)
    yield {
      status: 'not_checked',
      what: 'permission',
      line: `${name}: the brokers do not say who may write`,
    };
  else if ((operations & (1 << WRITE)) === 0)
    yield {
      status: 'failed',
      what: 'permission',
      line: `${name}: ${describeCode(library, TOPIC_AUTHORIZATION_FAILED)}`,
    };
  else yield { status: 'ok', what: 'permission', line: `${name}: this client may write` };
}
