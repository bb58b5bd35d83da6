import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  abortable,
  type BatchContent,
  type Delivery,
  defineOutput,
  deliverAtOnce,
  delivered,
  type Finding,
  loginOptions,
  type OutputContext,
  overConnection,
  probeConnection,
  readTls,
  recordJson,
  rejected,
  retry,
  type Static,
  secret,
  Type,
  template,
  textTemplate,
  tlsOption,
} from '../core/sdk/index.ts';

/** Room for the header that carries the message id, bytes. */
const HEADERS = 256;

const options = Type.Object({
  servers: Type.Array(Type.String({ minLength: 1, description: 'One server.' }), {
    minItems: 1,
    falcosidekick: ['nats.hostport'],
    description: 'Servers to connect to; others of the cluster are found from there.',
    examples: [['nats://nats:4222']],
  }),
  subject: template({
    default: 'falco.{{ priority | downcase }}.{{ rule | slugify }}',
    falcosidekick: ['nats.subjecttemplate'],
    description: 'The subject: a Liquid template over the event. White space and wildcards in it become `_`.',
    examples: ['falco.{{ hostname }}'],
  }),
  jetstream: Type.Boolean({
    default: true,
    description:
      'Wait until a stream has stored the event. Without, delivered means that the server has it, and nobody need listen.',
  }),
  token: Type.Optional(secret({ excludes: ['username'], description: 'Token for authentication.' })),
  ...loginOptions(),
  credentials_file: Type.Optional(Type.String({ description: 'A `.creds` file with JWT and seed.' })),
  tls: Type.Optional(tlsOption),
});

/** Publishes each event to NATS. */
export default defineOutput({
  apiVersion: 1,
  type: 'nats',
  summary: 'Publishes each event to NATS, to a JetStream stream unless told otherwise.',
  category: 'queue',
  stability: 'stable',
  options,
  examples: [
    { title: 'Minimal', options: { servers: ['nats://nats:4222'] } },
    {
      title: 'Without JetStream, one subject',
      options: { servers: ['nats://nats:4222'], jetstream: false, subject: 'falco' },
    },
  ],
  batch: { events: 256, every: 200 },
  mapper: 'falco',
  packages: { '@nats-io/jetstream': '^3.0.0', '@nats-io/transport-node': '^3.0.0' },
  notes: `One connection, opened at the start and repaired by itself. With JetStream an event is delivered when its stream has acknowledged it. The message id is made of
the event's id and the text, so that a repeated event is told apart within the stream's duplicate window. A stream must take the subject: without one, events
wait and the reason says so. Set aside: an event that is longer
than \`max_payload\` of the server. Everything else is retried.`,
  create(options, context) {
    const subjectOf = textTemplate('subject', options.subject, context.log);

    const toJson = recordJson(context.mapper);

    async function publish(
      { connection, stream }: Link,
      { records, events }: BatchContent<unknown>,
    ): Promise<Delivery> {
      const longest = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
      const delivery = await deliverAtOnce(records, async (record, index) => {
        const event = events[index]!;
        const subject = validSubject(subjectOf(event));
        const text = toJson(record);
        if (Buffer.byteLength(text) + HEADERS > longest)
          return rejected(`NATS: longer than the ${longest} bytes that the server takes`);
        try {
          if (stream === undefined) connection.publish(subject, text);
          else await stream.publish(subject, text, { msgID: messageId(event.id, text) });
          return delivered();
        } catch (error) {
          return retry(reasonOf(error as Error, subject));
        }
      });
      if (stream === undefined) await connection.flush();
      return delivery;
    }

    const link = {
      open: () => connectTo(options, context),
      isOpen: ({ connection }: Link) => !connection.isClosed(),
      close: ({ connection }: Link) => connection.close(),
      address: options.servers.flatMap(addressOf),
    };
    return {
      ...overConnection(link, (open, batch, signal) => abortable(publish(open, batch), signal)),
      diagnose: ({ sample }, signal) =>
        probeConnection(link, signal, (open) => look(open, validSubject(subjectOf(sample)))),
    };
  },
});

/** The connection, and the stream's side of it where events are stored. */
interface Link {
  readonly connection: NatsConnection;
  readonly stream?: JetStreamClient;
}

async function connectTo(
  given: Static<typeof options>,
  { name, configDir, load }: OutputContext,
): Promise<Link> {
  const { connect, credsAuthenticator } = await load(
    '@nats-io/transport-node',
    () => import('@nats-io/transport-node'),
  );
  const { servers, token, username: user, password: pass, credentials_file: creds, tls } = given;
  const connection = await connect({
    servers: [...servers],
    name: `tiercel ${name}`,
    // Then it closes, and the next delivery opens another: with the other certificates and credentials that may be there by then.
    maxReconnectAttempts: 10,
    ...(token !== undefined && { token }),
    ...(user !== undefined && { user, pass }),
    ...(creds !== undefined && {
      authenticator: credsAuthenticator(readFileSync(resolve(configDir, creds))),
    }),
    ...(tls !== undefined && { tls: readTls(tls, configDir) }),
  });
  if (!given.jetstream) return { connection };
  const { jetstream } = await load('@nats-io/jetstream', () => import('@nats-io/jetstream'));
  return { connection, stream: jetstream(connection) };
}

/** Host and port of a server, as the client reads it: `nats://nats:4222`, `nats:4222`, `nats`. None of what only the client understands. */
function addressOf(server: string): { host: string; port: number }[] {
  const text = server.includes('://') ? server : `nats://${server}`;
  if (!URL.canParse(text)) return [];
  const { hostname, port } = new URL(text);
  return [{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 4222) }];
}

/** What the server says of itself, and which stream takes the subject of an event. */
async function* look({ connection, stream }: Link, subject: string): AsyncGenerator<Finding> {
  const { version = 'unknown', max_payload: longest } = connection.info ?? {};
  const size = longest === undefined ? '' : `, messages up to ${longest} bytes`;
  yield { status: 'ok', what: 'session', line: `NATS ${version} at ${connection.getServer()}${size}` };
  if (stream === undefined) return;
  const what = 'stream';
  try {
    const manager = await stream.jetstreamManager(false);
    const name = await manager.streams.find(subject);
    yield { status: 'ok', what, line: `${name} takes ${subject}` };
  } catch (error) {
    const { message } = error as Error;
    if (isWithoutStream(error as Error)) yield { status: 'failed', what, line: noStream(subject) };
    // Publishing does not need the permission to ask.
    else
      yield {
        status: 'not_checked',
        what,
        line: `which stream takes ${subject} cannot be asked: ${message}`,
      };
  }
}

function reasonOf(error: Error, subject: string): string {
  return isWithoutStream(error) ? `NATS: ${noStream(subject)}` : `NATS: ${error.message}`;
}

function isWithoutStream({ name, message }: Error): boolean {
  return name === 'NoRespondersError' || /no responders|no stream matches|not enabled|503/i.test(message);
}

function noStream(subject: string): string {
  return `no JetStream stream takes the subject ${subject}: create one, or set jetstream: false`;
}

/** The sender chooses the event's id: of two events with the same one, the stream must not drop the second. */
function messageId(eventId: string, text: string): string {
  return `${eventId}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** White space and wildcards have a meaning in a subject, and empty parts are not allowed. */
function validSubject(text: string): string {
  const parts = text.replace(/[\s*>]+/g, '_').split('.');
  return parts.map((part) => part || '_').join('.');
}
