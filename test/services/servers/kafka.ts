import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { makeCertificates } from '../../support/certificates.ts';
import { freePort } from '../../support/port.ts';
import { CACHE, program, type Server, startServer } from './server.ts';

/** What the programs of the group need; for `describeWith`. */
export const KAFKA = { programs: ['java', '../kafka/kafka_2.13-4.3.1.jar'], java: 17 };

/** Users of the listener `sasl`, by PLAIN and by SCRAM. `mallory` may do nothing. */
export const PASSWORDS = { alice: 'alice-secret', mallory: 'mallory-secret' };

/** A record as the console consumer of Kafka prints it. */
export interface Consumed {
  readonly partition: number;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined where the record has none. */
  readonly key: string | undefined;
  readonly value: string;
}

/** One broker in KRaft mode, with listeners without and with SASL, and with TLS that wants a client certificate. */
export interface KafkaServer extends Server {
  /** `host:port` of each listener. */
  readonly plain: string;
  readonly sasl: string;
  readonly tls: string;
  /** Where ca.pem, client.pem, client.key and their like are. */
  readonly certificates: string;
  createTopic(name: string, partitions: number, configs?: Readonly<Record<string, string>>): Promise<void>;
  /** All records of the topic, read by Kafka's own consumer; it waits until there are so many. */
  consume(topic: string, count: number): Promise<Consumed[]>;
  /** Sends lines `key:value` by Kafka's own producer. */
  produce(topic: string, lines: readonly string[]): Promise<void>;
}

const CLASSES = join(CACHE, 'kafka', '*');
const LOGGING = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** Starts a broker that knows the topics which tests create, and no others. */
export async function startKafka(): Promise<KafkaServer> {
  const [controller, sasl, tls] = [await freePort(), await freePort(), await freePort()];
  let folder = '';
  const server = await startServer({
    name: 'kafka',
    protocol: 'kafka',
    command: (port, directory) => {
      folder = join(directory, 'certificates');
      const config = join(directory, 'server.properties');
      if (!existsSync(config)) {
        mkdirSync(folder);
        makeCertificates(folder);
        const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
        writeFileSync(join(folder, 'keystore.pem'), pem('server.key') + pem('server.pem'));
        writeFileSync(config, properties({ directory, folder, port, controller, sasl, tls }));
        const users = Object.entries(PASSWORDS).flatMap(([name, password]) =>
          ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
            '--add-scram',
            `${mechanism}=[name=${name},password=${password}]`,
          ]),
        );
        const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', 'dGllcmNlbC10ZXN0cy0wMQ'];
        execFileSync(
          program('java'),
          [LOGGING, '-cp', CLASSES, ...format, '--config', config, '--standalone', ...users],
          { stdio: 'pipe' },
        );
      }
      return {
        program: program('java'),
        args: ['-Xmx512m', '-XX:TieredStopAtLevel=1', LOGGING, '-cp', CLASSES, 'kafka.Kafka', config],
      };
    },
    ready: async (url) => answers(new URL(url)),
    timeout: 120_000,
  });
  const plain = `127.0.0.1:${server.port}`;
  return {
    ...server,
    plain,
    sasl: `127.0.0.1:${sasl}`,
    tls: `127.0.0.1:${tls}`,
    certificates: folder,
    createTopic: async (name, partitions, configs = {}) => {
      const admin = new Admin({ clientId: 'tests', bootstrapBrokers: [plain] });
      const pairs = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
      await admin.createTopics({ topics: [name], partitions, replicas: 1, configs: pairs });
      await admin.close();
    },
    consume: (topic, count) => consume(plain, topic, count),
    produce: (topic, lines) => produce(plain, topic, lines),
  };
}

function properties(at: {
  directory: string;
  folder: string;
  port: number;
  controller: number;
  sasl: number;
  tls: number;
}): string {
  const plainUsers = Object.entries(PASSWORDS).map(([name, password]) => `user_${name}="${password}"`);
  const security = 'org.apache.kafka.common.security';
  return `
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${at.controller}
listeners=PLAIN://127.0.0.1:${at.port},CONTROLLER://127.0.0.1:${at.controller},SASL://127.0.0.1:${at.sasl},TLS://127.0.0.1:${at.tls}
listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL
inter.broker.listener.name=PLAIN
controller.listener.names=CONTROLLER
log.dirs=${join(at.directory, 'logs')}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:alice;User:CN=client
listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config=${security}.plain.PlainLoginModule required ${plainUsers.join(' ')};
listener.name.sasl.scram-sha-256.sasl.jaas.config=${security}.scram.ScramLoginModule required;
listener.name.sasl.scram-sha-512.sasl.jaas.config=${security}.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config=${security}.oauthbearer.OAuthBearerLoginModule required;
listener.name.tls.ssl.client.auth=required
listener.name.tls.ssl.keystore.type=PEM
listener.name.tls.ssl.keystore.location=${join(at.folder, 'keystore.pem')}
listener.name.tls.ssl.truststore.type=PEM
listener.name.tls.ssl.truststore.location=${join(at.folder, 'ca.pem')}
`;
}

/** Does it take connections, and has it registered as a broker? It opens its ports when it has. */
function answers({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function consume(broker: string, topic: string, count: number): Promise<Consumed[]> {
  const prints = ['partition', 'timestamp', 'headers', 'key', 'value'];
  const { stdout } = await promisify(execFile)(
    program('java'),
    [
      LOGGING,
      '-cp',
      CLASSES,
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      '--bootstrap-server',
      broker,
      '--topic',
      topic,
      '--from-beginning',
      '--timeout-ms',
      '20000',
      '--max-messages',
      String(count),
      ...prints.flatMap((name) => ['--formatter-property', `print.${name}=true`]),
      '--formatter-property',
      'null.literal=\u0001',
    ],
    { maxBuffer: 256 * 1024 * 1024 },
  ).catch((error: Error & { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return stdout.split('\n').filter(Boolean).map(readLine);
}

/** `CreateTime:1  Partition:0  a:1,b:2  key  value`, between tabs. */
function readLine(line: string): Consumed {
  const [time = '', partition = '', headers = '', key = '', ...value] = line.split('\t');
  const pairs = headers === 'NO_HEADERS' ? [] : headers.split(',').map((pair) => pair.split(/:(.*)/s));
  return {
    partition: Number(partition.replace('Partition:', '')),
    timestamp: Number(time.replace('CreateTime:', '')),
    headers: Object.fromEntries(pairs),
    key: key === '\u0001' ? undefined : key,
    value: value.join('\t'),
  };
}

async function produce(broker: string, topic: string, lines: readonly string[]): Promise<void> {
  const running = promisify(execFile)(program('java'), [
    LOGGING,
    '-cp',
    CLASSES,
    'org.apache.kafka.tools.ConsoleProducer',
    '--bootstrap-server',
    broker,
    '--topic',
    topic,
    '--reader-property',
    'parse.key=true',
    '--reader-property',
    'key.separator=:',
  ]);
  running.child.stdin?.end(`${lines.join('\n')}\n`);
  await running;
}
