import { type Context, Hono } from 'hono';
import { createDecoder, noDecodeOptions } from '../event/decode.ts';
import { parsePriority } from '../event/priority.ts';
import { sampleEvent } from '../event/sample.ts';
import type { Operations } from '../operations/operations.ts';
import type { Tap } from '../operations/tap.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { HealthState } from '../telemetry/observer.ts';
import { type AuthOptions, createAuth, OPEN_PATHS } from './auth.ts';
import type { Bodies, BodySource } from './body.ts';
import type { Guard } from './guard.ts';
import type { Ingest, Rejection } from './ingest.ts';
import { GET_ONLY, serveOperations } from './operations.ts';
import { Problem, problemOf } from './problem.ts';
import type { NoteRefusal } from './refusal-log.ts';
import { notEvents, ofUnknownSender, ofWrongPath, rejectedEvents } from './refusals.ts';
import { json, problemResponse } from './responses.ts';
import type { Env } from './server.ts';
import { splitEvents } from './split.ts';
import { hasValidClientCert } from './tls.ts';

/** Whether requests should be sent here, and the reasons if not. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** The state of each output; none of them makes the process unready. */
  readonly outputs: readonly Pick<OutputStatus, 'name' | 'state' | 'reason' | 'since'>[];
}

/** One output as `GET /outputs` shows it. No secret is in it. */
export interface OutputStatus {
  readonly name: string;
  readonly type: string;
  readonly state: HealthState;
  readonly reason?: string;
  /** Since when it has been in this state, epoch milliseconds. */
  readonly since: number;
  /** Events wanted by it and not settled. */
  readonly pending: number;
  /** Stored dead letters and the raw bytes of their events; absent until those from before the start are counted. */
  readonly dead_letters?: number;
  readonly dead_letter_bytes?: number;
}

/** What operators can read. */
export interface Admin {
  /** The Prometheus exposition. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  outputs(): readonly OutputStatus[];
  /** Dead letters, journal and tap; served with a `guard` only. */
  readonly operations?: Operations;
  readonly tap?: Tap;
}

export interface AppOptions {
  /** Given: `POST /`, `POST /events` and `POST /test` are served. */
  readonly ingest?: Ingest;
  /** Given: `GET /metrics` and `GET /outputs` are served. */
  readonly admin?: Admin;
  /** Given: `GET /ping`, `/healthz` and `/readyz` are served. */
  readonly readiness?: () => Readiness;
  readonly bodies: Bodies;
  /**
   * Given: this is a listener for operators. Every request passes the guard, and the operations are served. They never are on
   * the listener of the events: a proxy may stand in front of that, and every node has its credentials.
   */
  readonly guard?: Guard;
  /** Credentials, required on every path but `/healthz`, `/readyz` and `/ping`. */
  readonly auth?: AuthOptions;
  /** Whether the server demands a client certificate, on the same paths. */
  readonly demandsCertificate?: boolean;
  /** Given: counts and logs refused events. */
  readonly noteRefusal?: NoteRefusal;
  readonly log: Logger;
  readonly now?: () => number;
}

/** Rejections listed in an answer; the count is always exact. */
const LISTED = 1000;

/**
 * Makes the HTTP application: a Fetch API handler that any server can serve.
 *
 * @example createApp({ ingest, admin, readiness, bodies, log }).request('/ping')
 */
export function createApp(options: AppOptions): Hono<Env> {
  const app = new Hono<Env>();
  const { ingest, admin, bodies, log } = options;
  const now = options.now ?? Date.now;
  const body = (c: { env?: Env['Bindings']; req: { raw: Request } }): BodySource => ({
    incoming: c.env?.incoming,
    request: c.req.raw,
  });

  const { guard, auth } = options;
  if (guard !== undefined) {
    app.use(async (c, next) => {
      guard(c.req.method, c.req.raw.headers, c.env);
      await next();
    });
  }
  const check = auth && createAuth(auth);
  if (check !== undefined) {
    app.use(async (c, next) => {
      const { path, method } = c.req;
      if (!OPEN_PATHS.has(path)) check(c.req.header('authorization'), ofUnknownSender(method, path));
      await next();
    });
  }
  /** Operators see what destinations answer: a request with credentials, or at a listener for operators that needs none. */
  const isOperator = (c: Context<Env>): boolean => {
    if (check !== undefined) return passes(() => check(c.req.header('authorization')));
    if (!options.demandsCertificate) return guard !== undefined;
    return c.env?.incoming !== undefined && hasValidClientCert(c.env.incoming);
  };

  if (ingest !== undefined) {
    app.post('/', async (c) => {
      await bodies.read(body(c), 'wait', (raw, waited) => ingest.one(raw, () => c.req.raw.signal, waited));
      return new Response(null, { headers: { 'content-length': '0' } });
    });

    app.post('/events', (c) =>
      bodies.read(body(c), 'refuse', async (raw) => {
        const events = splitEvents(raw);
        if (typeof events === 'string' || raw.length === 0) throw notEvents(raw, events);
        const result = await ingest.many(events);
        const first = result.rejected[0];
        if (first === undefined) return bulkAnswer(result);
        const about = { of: events.length, first: events[first.index]!, why: first.reason };
        const problem = rejectedEvents(result.rejected.length, about);
        options.noteRefusal?.(problem, addressOf(c));
        return bulkAnswer(result, problem);
      }),
    );

    app.post('/test', async (c) => {
      const asked = c.req.query('priority') ?? 'Debug';
      const priority = parsePriority(asked);
      if (priority === undefined) {
        const reason = `${JSON.stringify(asked)} is no priority`;
        throw new Problem(400, { code: 'bad_request', field: 'priority', reason });
      }
      const raw = sampleEvent(now(), priority);
      await ingest.one(raw, () => c.req.raw.signal);
      const { id, rule } = createDecoder(noDecodeOptions)(raw, now());
      return json(200, { id, rule, priority });
    });
  }

  if (admin !== undefined) {
    app.get('/metrics', async () => {
      const { contentType, text } = await admin.metrics();
      return new Response(text, { headers: { 'content-type': contentType } });
    });
    app.get('/outputs', (c) => json(200, { outputs: shown(admin.outputs(), isOperator(c)) }));
    const { operations, tap } = admin;
    if (guard !== undefined && operations !== undefined && tap !== undefined) {
      const outputs = () => admin.outputs().map(({ name }) => name);
      serveOperations(app, { operations, tap, outputs, now });
    }
  }

  const { readiness } = options;
  if (readiness !== undefined) {
    app.get('/ping', () => new Response('pong\n', { headers: { 'content-type': 'text/plain' } }));
    app.get('/healthz', () => json(200, { status: 'ok' }));
    app.get('/readyz', (c) => {
      const { ready, reasons, outputs: all } = readiness();
      const outputs = shown(all, isOperator(c));
      return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', reasons, outputs });
    });
  }

  const paths = methodsOf(app);
  app.notFound((c) => {
    const problem = notServed(paths, c.req.path, c.req.method);
    options.noteRefusal?.(problem, addressOf(c));
    return problemResponse(problem);
  });
  app.onError((error, c) => {
    const problem = problemOf(error, log);
    options.noteRefusal?.(problem, addressOf(c));
    return problemResponse(problem);
  });
  return app;
}

/** The states of outputs; with the answers of their destinations for operators only. */
function shown<T extends { readonly reason?: string }>(
  outputs: readonly T[],
  forOperators: boolean,
): readonly Omit<T, 'reason'>[] {
  return forOperators ? outputs : outputs.map(({ reason, ...state }) => state);
}

function passes(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function addressOf(c: { env?: Env['Bindings'] }): string | undefined {
  return c.env?.incoming?.socket.remoteAddress;
}

/** @param problem what is wrong with the rejected events */
function bulkAnswer(
  result: { accepted: number; rejected: readonly Rejection[] },
  problem?: Problem,
): Response {
  const rejected = result.rejected.slice(0, LISTED);
  const more = result.rejected.length > LISTED ? { rejected_count: result.rejected.length } : {};
  const answer = { accepted: result.accepted, rejected, ...more };
  // A 2xx means that events are on stable storage, and here none may be.
  return problem === undefined || result.accepted > 0 ? json(202, answer) : problemResponse(problem, answer);
}

/** The paths that are served, with the value of `Allow` for each. */
function methodsOf({ routes }: Hono<Env>): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const { path, method } of routes) {
    // Middleware.
    if (method === 'ALL') continue;
    const allowed = method === 'GET' && !GET_ONLY.has(path) ? 'GET, HEAD' : method;
    const others = paths.get(path);
    paths.set(path, others === undefined ? allowed : `${others}, ${allowed}`);
  }
  return paths;
}

function notServed(paths: ReadonlyMap<string, string>, path: string, method: string): Problem {
  const allow = allowedAt(paths, path);
  if (allow === undefined) {
    const hint = `served here: ${[...paths].map(([name, methods]) => `${methods.split(',')[0]} ${name}`).join(', ')}`;
    const reason = 'nothing is served at this path';
    return new Problem(404, { code: 'not_found', reason, hint }, {}, ofWrongPath(method));
  }
  const details = {
    code: 'method_not_allowed',
    reason: `${method} is not served at ${path}`,
    hint: `use ${allow}`,
  } as const;
  return new Problem(405, details, { allow }, ofWrongPath(method));
}

/** The methods of a path; a segment of a route that begins with a colon matches any text. */
function allowedAt(paths: ReadonlyMap<string, string>, path: string): string | undefined {
  const exact = paths.get(path);
  if (exact !== undefined) return exact;
  const members = path.split('/');
  for (const [served, methods] of paths) {
    const pattern = served.split('/');
    const fits = pattern.every((member, i) => member.startsWith(':') || member === members[i]);
    if (fits && pattern.length === members.length) return methods;
  }
  return undefined;
}
