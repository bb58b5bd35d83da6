import { type StoppableServer, startStoppableServer } from './stoppable-server.ts';

/** A message that it took, decoded. */
export interface Published {
  readonly topic: string;
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
}

/** Answers of the published table of errors, to be given instead. */
export interface PubsubError {
  readonly code: number;
  readonly status: string;
  readonly message?: string;
}

/** A server that speaks the REST API of Pub/Sub. */
export interface FakePubsub extends StoppableServer {
  readonly published: Published[];
  /** Number of messages of each request that was taken. */
  readonly requests: number[];
  /** `Authorization` of every request. */
  readonly authorizations: (string | undefined)[];
  /** The error that it answers, by what it is asked; undefined: none. */
  fail(by: (data: readonly string[]) => PubsubError | undefined): void;
}

type Json = Record<string, unknown>;

/** @throws PubsubProblem of INVALID_ARGUMENT */
class PubsubProblem extends Error {}

const MEMBERS = new Set(['data', 'attributes', 'orderingKey']);
const text = (value: unknown): value is string => typeof value === 'string';

/**
 * Checks a message as `google.pubsub.v1.PubsubMessage` and the page of quotas have it: names that JSON of a protobuf does not know are
 * refused, and so is what a publisher must not set.
 */
function messageOf(message: Json): Omit<Published, 'topic'> {
  const unknown = Object.keys(message).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw new PubsubProblem(`Unknown name "${unknown}"`);
  const { data = '', attributes = {}, orderingKey = '' } = message;
  if (!text(data) || Buffer.from(data, 'base64').toString('base64') !== data)
    throw new PubsubProblem('Base64 decoding failed for "data"');
  if (!text(orderingKey) || Buffer.byteLength(orderingKey) > 1024)
    throw new PubsubProblem('ordering_key is too long');
  const pairs = Object.entries(attributes as Json);
  if (data === '' && pairs.length === 0) throw new PubsubProblem('Some messages in the batch are empty');
  if (pairs.length > 100) throw new PubsubProblem('too many attributes');
  for (const [key, value] of pairs) {
    if (key === '' || Buffer.byteLength(key) > 256 || key.startsWith('goog'))
      throw new PubsubProblem(`invalid attribute key ${key}`);
    if (!text(value) || Buffer.byteLength(value) > 1024)
      throw new PubsubProblem(`invalid value of attribute ${key}`);
  }
  return {
    data: Buffer.from(data, 'base64').toString(),
    attributes: attributes as Record<string, string>,
    orderingKey,
  };
}

/** @param topics that exist, `projects/P/topics/T` */
export async function startFakePubsub(
  topics: readonly string[] = ['projects/p/topics/falco'],
): Promise<FakePubsub> {
  const published: Published[] = [];
  const requests: number[] = [];
  const authorizations: (string | undefined)[] = [];
  let failing: Parameters<FakePubsub['fail']>[0] = () => undefined;

  function answerTo(method: string, path: string, body: Buffer): [number, Json] {
    const error = (code: number, status: string, message = status): [number, Json] => [
      code,
      { error: { code, message, status } },
    ];
    const [, topic = '', verb] =
      /^\/v1\/(projects\/[^/]+\/topics\/[^/:]+):(\w+)$/.exec(decodeURIComponent(path)) ?? [];
    if (method !== 'POST' || verb === undefined) return error(404, 'NOT_FOUND');
    if (verb === 'testIamPermissions') {
      const { permissions } = JSON.parse(body.toString()) as { permissions: string[] };
      return [200, topics.includes(topic) ? { permissions } : {}];
    }
    if (verb !== 'publish') return error(404, 'NOT_FOUND');
    if (!topics.includes(topic)) return error(404, 'NOT_FOUND', `Resource not found (resource=${topic}).`);
    try {
      const { messages, ...more } = JSON.parse(body.toString()) as { messages?: Json[] };
      if (Object.keys(more).length > 0) throw new PubsubProblem('Unknown name');
      if (!Array.isArray(messages) || messages.length === 0) throw new PubsubProblem('no messages');
      if (messages.length > 1_000 || body.byteLength > 10_000_000)
        throw new PubsubProblem('Request payload size exceeds the limit');
      const read = messages.map(messageOf);
      if (new Set(read.map(({ orderingKey }) => orderingKey)).size > 1)
        throw new PubsubProblem('All messages in a request must have the same ordering key');
      const wrong = failing(read.map(({ data }) => data));
      if (wrong !== undefined) return error(wrong.code, wrong.status, wrong.message);
      requests.push(read.length);
      const messageIds = read.map((message) => String(published.push({ topic, ...message })));
      return [200, { messageIds }];
    } catch (problem) {
      if (problem instanceof PubsubProblem || problem instanceof SyntaxError)
        return error(400, 'INVALID_ARGUMENT', problem.message);
      throw problem;
    }
  }

  const server = await startStoppableServer((request, body) => {
    authorizations.push(request.headers.authorization);
    const [status, answer] = answerTo(request.method ?? '', request.url ?? '', body);
    const headers = { 'content-type': 'application/json; charset=UTF-8' };
    return { status, headers, body: JSON.stringify(answer, null, 2) };
  });
  return {
    ...server,
    published,
    requests,
    authorizations,
    fail(by) {
      failing = by;
    },
  };
}
