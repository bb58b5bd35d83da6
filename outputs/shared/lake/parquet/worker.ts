// The entry of the encoder's worker thread: decodes, maps, sorts and writes, away from the thread that ingests.
import { parentPort, workerData } from 'node:worker_threads';
import type { Logger, MapperDefinition } from '../../../../core/sdk/index.ts';
import { columnsOf, createDecoder } from '../../../../core/sdk/index.ts';
import type { Job, JobTools } from './job.ts';
import { messageOf, startJob } from './job.ts';
import type { LogLevel, Reply, Request, WorkerSetup } from './protocol.ts';
import { createZstd } from './zstd.ts';

const port = parentPort!;
const setup = workerData as WorkerSetup;
const reply = (message: Reply) => port.postMessage(message);

const log: Logger = {
  debug: forward('debug'),
  info: forward('info'),
  warn: forward('warn'),
  error: forward('error'),
};

/** Log lines are written by the thread that owns the log. */
function forward(level: LogLevel) {
  return (details: object | string, message?: string) => {
    if (typeof details === 'string') reply({ kind: 'log', level, details: {}, message: details });
    else reply({ kind: 'log', level, details: details as Record<string, unknown>, message: message ?? '' });
  };
}

async function createMapper({
  module,
  options,
}: WorkerSetup['mapper']): Promise<Pick<JobTools, 'mapper' | 'columns'>> {
  const { default: definition } = (await import(module)) as { default: MapperDefinition };
  const mapper = definition.create(options, { log });
  return { mapper, columns: columnsOf(mapper.record) };
}

async function createTools({ mapper: reference, decode }: WorkerSetup): Promise<JobTools> {
  const { mapper, columns } = await createMapper(reference).catch((error: unknown) => {
    throw new Error(`mapper "${reference.type}" cannot be set up: ${messageOf(error)}`, { cause: error });
  });
  return {
    mapper,
    mapperName: reference.type,
    columns,
    decode: createDecoder(decode, (message) => log.warn(message)),
    compress: await createZstd(),
    progress: () => reply({ kind: 'progress' }),
  };
}

let job: Job | undefined;
/** Begins with the first job: a failure is that job's. */
let tools: Promise<JobTools> | undefined;

async function handle(request: Request): Promise<void> {
  switch (request.kind) {
    case 'start':
      tools ??= createTools(setup);
      job = startJob(request.path, request.count, await tools, setup.file);
      return;
    case 'block':
      // A job that failed has no use for the blocks still on their way.
      job?.add(request.block);
      reply({ kind: 'taken' });
      return;
    case 'finish': {
      const result = job?.finish();
      if (result === undefined) return;
      if (result.rows === 0) job?.discard();
      job = undefined;
      reply({ kind: 'done', result });
    }
  }
}

let last = Promise.resolve();
port.on('message', (request: Request) => {
  last = last
    .then(() => handle(request))
    .catch((error: unknown) => {
      job?.discard();
      job = undefined;
      reply({ kind: 'failed', reason: messageOf(error) });
    });
});
