import { type StoppableServer, startStoppableServer } from './stoppable-server.ts';

/** A line that it stores. */
export interface StoredLine {
  readonly labels: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly line: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The limits of Loki, as its configuration names them, by default. */
export interface LokiLimits {
  /** Bytes. */
  readonly max_line_size: number;
  readonly max_label_names_per_series: number;
  /** Nanoseconds behind the newest line of a stream: half of `max_chunk_age`. */
  readonly too_far_behind: bigint;
  readonly allow_structured_metadata: boolean;
}

const DEFAULTS: LokiLimits = {
  max_line_size: 256 * 1024,
  max_label_names_per_series: 15,
  too_far_behind: 3_600_000_000_000n,
  allow_structured_metadata: true,
};

interface Push {
  readonly streams: {
    readonly stream: Record<string, string>;
    readonly values: [unknown, unknown, Record<string, string>?][];
  }[];
}

/** A server that speaks the push API of Loki. */
export interface FakeLoki extends StoppableServer {
  readonly stored: StoredLine[];
  /** Number of lines of each request. */
  readonly pushes: number[];
}

/**
 * A server that answers `POST /loki/api/v1/push` as the documentation of Loki says ("Ingest logs", "Enforce rate limits and push request
 * validation"): each line is judged by itself, the good ones of a request are stored, and any bad one makes its answer 400 with the
 * reason of one. A line that is there already, with its time, is there once.
 */
export async function startFakeLoki(limits: Partial<LokiLimits> = {}): Promise<FakeLoki> {
  const rules = { ...DEFAULTS, ...limits };
  const stored: StoredLine[] = [];
  const pushes: number[] = [];

  function take(push: Push): string | undefined {
    let problem: string | undefined;
    for (const { stream, values } of push.streams) {
      const wrong = problemOfLabels(stream);
      if (values.length === 0) continue;
      for (const [time, line, metadata = {}] of values) {
        if (typeof time !== 'string' || typeof line !== 'string') return 'loghttp.PushRequest: not a string';
        const reason = wrong ?? problemOfLine(stream, BigInt(time), line, metadata);
        if (reason !== undefined) problem = reason;
        else store({ labels: stream, time: BigInt(time), line, metadata });
      }
    }
    return problem;
  }

  function problemOfLabels(labels: Readonly<Record<string, string>>): string | undefined {
    const names = Object.keys(labels);
    if (names.length === 0) return 'error at least one label pair is required per stream';
    if (names.length > rules.max_label_names_per_series)
      return `entry for stream has ${names.length} label names; limit ${rules.max_label_names_per_series}`;
    const invalid = names.find((name) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name));
    return invalid === undefined ? undefined : `error parsing labels: ${invalid}`;
  }

  function problemOfLine(
    labels: Readonly<Record<string, string>>,
    time: bigint,
    line: string,
    metadata: Readonly<Record<string, string>>,
  ): string | undefined {
    const size = Buffer.byteLength(line);
    if (size > rules.max_line_size)
      return `Max entry size '${rules.max_line_size}' bytes exceeded for stream while adding an entry with length '${size}' bytes`;
    if (Object.keys(metadata).length > 0 && !rules.allow_structured_metadata)
      return 'stream includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata`';
    const isBehind = stored.some(
      (each) => isSame(each.labels, labels) && each.time > time + rules.too_far_behind,
    );
    if (isBehind)
      return `entry with timestamp ${time} ignored, reason: 'entry too far behind', for stream, total ignored: 1 out of 1`;
    return undefined;
  }

  function store(entry: StoredLine): void {
    const there = stored.some(
      ({ labels, time, line }) => time === entry.time && line === entry.line && isSame(labels, entry.labels),
    );
    if (!there) stored.push(entry);
  }

  const server = await startStoppableServer(({ url, method }, body) => {
    if (url !== '/loki/api/v1/push') return { status: 404, body: '404 page not found' };
    if (method !== 'POST') return { status: 405 };
    const push = JSON.parse(body.toString()) as Push;
    pushes.push(push.streams.reduce((count, { values }) => count + values.length, 0));
    const problem = take(push);
    return problem === undefined ? { status: 204 } : { status: 400, body: problem };
  });
  return { ...server, stored, pushes };
}

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}
