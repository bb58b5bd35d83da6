// The program of an ingest worker: takes events in on the shared port and has the primary append them to the journal.
import { connect } from 'node:net';
import { systemClock } from '../batching/clock.ts';
import { deadlineIn } from '../deadline.ts';
import { createIngest } from '../http/ingest.ts';
import { renewCertificates, serveAt, splitAddress } from '../http/listen.ts';
import type { RunningServer } from '../http/server.ts';
import { queuedWatcher } from '../operations/queued.ts';
import { type CompiledPlan, compilePlan } from '../routing/plan.ts';
import { createIngestCounter } from '../telemetry/ingest-counter.ts';
import { createLogger, type RootLogger } from '../telemetry/log.ts';
import { createChannel } from './channel.ts';
import { createJournalLink } from './journal-link.ts';
import { MEETING } from './meeting.ts';
import type { PrimaryQuestions, WorkerQuestions, WorkerSettings } from './protocol.ts';
import { createShow } from './show.ts';
import { portOf } from './socket-port.ts';

// The primary says when to stop; a signal to the whole group must not come before it.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// Without the primary nothing can be kept: no event may be answered any more.
process.on('disconnect', () => process.exit(1));

/** Set by the first question, `start`. */
let settings: WorkerSettings;
let log: RootLogger;
let plan: CompiledPlan;
let server: RunningServer;
let watched = false;
const counter = createIngestCounter();

const channel = createChannel<PrimaryQuestions, WorkerQuestions>(portOf(connect(process.env[MEETING]!)), {
  async start(given) {
    settings = given;
    watched = given.watched;
    log = createLogger({ ...given.log, secrets: given.secrets }).child({ worker: given.number });
    plan = compilePlan(given.plan, log);
    const onStranger = () => counter.observer.refused('unauthorized', 1);
    const faces = { ingest: createWorkerIngest(), relay: given.relay, onStranger };
    server = await serveAt(splitAddress(given.server.listen), given, faces, log);
    return { url: server.url };
  },
  plan(change) {
    log.hide(change.secrets);
    plan = compilePlan(change.plan, log);
  },
  renew: () => renewCertificates(settings, [server]),
  counts: () => counter.read(),
  watch(on) {
    watched = on;
  },
  stop: (milliseconds) => server.stop(deadlineIn(milliseconds)),
});

function createWorkerIngest() {
  const show = createShow((seen) => channel.ask('seen', seen));
  return createIngest({
    journal: createJournalLink(channel),
    route: (event) => plan.route(event),
    enrich: (event) => plan.enrich(event),
    clock: systemClock,
    maxWait: settings.server.max_wait,
    observer: counter.observer,
    queued: queuedWatcher(log, () => (watched ? show : undefined)),
  });
}
