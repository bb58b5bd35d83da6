import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { LoadOptions } from '../lib/load.ts';
import { ROOT } from '../lib/process.ts';

/** A system that takes events over HTTP and delivers them to another address. */
export interface Peer {
  readonly name: string;
  /** Its program; `node` for ours. */
  readonly program: string;
  /** What an answer of it means, and what it holds the events in. */
  readonly promise: string;
  /** Written into `folder` before it starts. */
  readonly config: (place: Place) => { readonly file: string; readonly text: string };
  readonly args: (place: Place) => readonly string[];
  readonly env?: (place: Place) => Readonly<Record<string, string>>;
  /** How one event is sent, and many in one request where it takes many. */
  readonly one: Pick<LoadOptions, 'path' | 'format'>;
  readonly many?: Pick<LoadOptions, 'path' | 'format'>;
}

/** Where a peer runs. */
export interface Place {
  readonly folder: string;
  readonly port: number;
  readonly sink: string;
}

const CACHE = join(ROOT, '.cache', 'peers');
const MAIN = join(ROOT, 'dist', 'main.js');

/** The program's path; undefined when it is not installed. */
export function programOf({ program }: Peer): string | undefined {
  if (program === 'node') return process.execPath;
  const folders = [join(CACHE, 'bin'), ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** What the registry said to `install.sh`, without its address. */
export function refusalOf({ program }: Peer): string {
  const file = join(CACHE, `${program}.refused`);
  if (!existsSync(file)) return 'not installed';
  const said = readFileSync(file, 'utf8').replaceAll(/https?:\/\/\S+/g, '');
  return said.trim().replaceAll(/\s+/g, ' ');
}

function tiercel(name: string, promise: string, journal: string): Peer {
  return {
    name,
    program: 'node',
    promise,
    config: ({ folder, port, sink }) => ({
      file: join(folder, 'tiercel.yaml'),
      text: `server: { listen: "127.0.0.1:${port}", max_body: 64MiB }
log: { format: json }
${journal}outputs:
  sink: { type: webhook, url: "${sink}/", retry: { initial: 1s, max: 2s }, breaker: { initial: 1s, max: 2s } }
`,
    }),
    args: ({ folder }) => [MAIN, 'run', '-c', join(folder, 'tiercel.yaml')],
    one: { path: '/' },
    many: { path: '/events' },
  };
}

/** Batches of as many events and as old as ours; it never gives up, as ours does not (its default is five minutes). */
function collector(name: string, promise: string, storage: 'none' | 'unsynced' | 'synced'): Peer {
  const queue = storage === 'none' ? '' : '\n      storage: file_storage';
  const extension = ({ folder }: Place) => `extensions:
  file_storage: { directory: "${folder}/queue", create_directory: true, fsync: ${storage === 'synced'} }
`;
  return {
    name,
    program: 'otelcol',
    promise,
    config: (place) => ({
      file: join(place.folder, 'otelcol.yaml'),
      text: `${storage === 'none' ? '' : extension(place)}receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${place.port}" } } }
exporters:
  otlp_http:
    logs_endpoint: ${place.sink}/
    encoding: json
    compression: none
    retry_on_failure: { initial_interval: 1s, max_interval: 2s, max_elapsed_time: 0s }
    sending_queue:
      sizer: items
      queue_size: 1000000
      num_consumers: 4
      batch: { sizer: items, min_size: 100, max_size: 100, flush_timeout: 1s }${queue}
service:
  telemetry: { metrics: { level: none }, logs: { level: error } }${storage === 'none' ? '' : '\n  extensions: [file_storage]'}
  pipelines: { logs: { receivers: [otlp], exporters: [otlp_http] } }
`,
    }),
    args: ({ folder }) => ['--config', join(folder, 'otelcol.yaml')],
    one: { path: '/v1/logs', format: 'otlp' },
    many: { path: '/v1/logs', format: 'otlp' },
  };
}

function benthos(name: string, promise: string, buffer: string): Peer {
  return {
    name,
    program: 'benthos',
    promise,
    config: ({ folder, port, sink }) => ({
      file: join(folder, 'benthos.yaml'),
      text: `http: { enabled: false }
logger: { level: NONE }
input: { http_server: { address: "127.0.0.1:${port}", path: /, timeout: 60s } }
${buffer}output:
  http_client:
    url: ${sink}/
    verb: POST
    max_in_flight: 64
    retry_period: 1s
    max_retry_backoff: 2s
    retries: 1000000
`,
    }),
    args: ({ folder }) => ['-c', join(folder, 'benthos.yaml')],
    one: { path: '/' },
  };
}

const falcosidekick: Peer = {
  name: 'Falcosidekick',
  program: 'falcosidekick',
  promise: 'answers before it delivers; holds events in memory, tries each once',
  config: ({ folder }) => ({ file: join(folder, 'falcosidekick.yaml'), text: 'debug: false\n' }),
  args: ({ folder }) => ['-c', join(folder, 'falcosidekick.yaml')],
  env: ({ port, sink }) => ({
    LISTENADDRESS: '127.0.0.1',
    LISTENPORT: String(port),
    WEBHOOK_ADDRESS: `${sink}/`,
  }),
  one: { path: '/' },
};

function vector(name: string, promise: string, sinkOptions: string): Peer {
  return {
    name,
    program: 'vector',
    promise,
    config: ({ folder, port, sink }) => ({
      file: join(folder, 'vector.yaml'),
      text: `data_dir: ${folder}
sources: { in: { type: http_server, address: "127.0.0.1:${port}", decoding: { codec: json } } }
sinks:
  out:
    type: http
    inputs: [in]
    uri: ${sink}/
    encoding: { codec: json }
    batch: { max_events: 100, timeout_secs: 1 }
    ${sinkOptions}
`,
    }),
    args: ({ folder }) => ['--quiet', '--config', join(folder, 'vector.yaml')],
    one: { path: '/' },
  };
}

/** Ours first: the others are held against it. */
export const PEERS: readonly Peer[] = [
  tiercel('Tiercel', 'answers when the event is on stable storage (`fdatasync`)', ''),
  tiercel(
    'Tiercel, 200 ms',
    'answers when the event is written, synced every 200 ms (`journal.durability: 200ms`)',
    'journal: { durability: 200ms }\n',
  ),
  collector('OpenTelemetry Collector, memory', 'answers from a queue in memory (its default)', 'none'),
  collector(
    'OpenTelemetry Collector, file storage',
    'answers when the event is written to its queue on disk, not synced (the default of `file_storage`)',
    'unsynced',
  ),
  collector(
    'OpenTelemetry Collector, file storage, fsync',
    'answers when the event is synced to its queue on disk',
    'synced',
  ),
  benthos('Benthos', 'keeps nothing: answers when the destination has the event', ''),
  benthos('Benthos, memory', 'answers from a buffer in memory', 'buffer: { memory: {} }\n'),
  falcosidekick,
  vector(
    'Vector',
    'answers from a buffer in memory (its default)',
    'buffer: { type: memory, max_events: 500 }',
  ),
  vector(
    'Vector, disk buffer',
    'answers when the event is in its buffer on disk, synced every half second',
    'buffer: { type: disk, max_size: 1073741824 }',
  ),
];
