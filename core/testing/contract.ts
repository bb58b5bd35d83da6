import type { AnyMapperDefinition } from '../config/schema/plugins.ts';
import type { GivenContext } from '../plugins/context.ts';
import type { Decode, TestDestination } from './destination.ts';
import type { Answer, Answering, ReceivedRequest } from './http-destination.ts';

/**
 * The `test` function of vitest, node:test, Deno or Bun. The context that the runner gives a test is used to skip what the output
 * or its destination cannot do.
 */
export type TestFunction = (name: string, run: (...context: readonly unknown[]) => Promise<void>) => unknown;

/** Where the output under test delivers to. */
export interface Place {
  /** `http://127.0.0.1:PORT`; with a destination of the contract its own `url`, else `127.0.0.1:PORT`. */
  readonly url: string;
  /**
   * A token endpoint for OAuth2 client credentials, at the kit's HTTP server: for `auth.oauth2.token_url`. Empty with a destination
   * of the contract.
   */
  readonly tokenUrl: string;
  /** `127.0.0.1`. */
  readonly host: string;
  /** 0 when the destination has none. */
  readonly port: number;
  /** An empty folder; relative paths in options start there. */
  readonly directory: string;
}

/** The mapper that an output under test gets its records from. */
export interface MapperSetup {
  readonly definition: AnyMapperDefinition;
  /** In YAML spelling. Default none. */
  readonly options?: Record<string, unknown>;
  /** The URL of its compiled module: an output that maps on another thread imports it. */
  readonly module?: string;
}

/** How an output is tested against the contract. */
export interface OutputContract {
  readonly test: TestFunction;
  /** Working options, in YAML spelling, for a destination at this place. Called before each test. */
  options(place: Place): Record<string, unknown>;
  /** Default: the output's own mapper if that is `falco` or `event`, else the event as received, as JSON text. */
  readonly mapper?: MapperSetup;
  /** Libraries that `context.load` gives instead of the installed ones, by name: fakes, or versions to test against. */
  readonly packages?: Readonly<Record<string, unknown>>;
  /** Members of the context that replace those of the kit: a clock, a folder. */
  readonly context?: Partial<GivenContext>;
  /**
   * Starts the destination of an output that does not speak HTTP; called before each test, closed after it. Default: an HTTP
   * server, and the tests of answers over HTTP.
   *
   * @example destination: () => tcpDestination((socket) => socket.on('data', () => socket.write('ok\n')))
   * @example destination: ({ directory }) => ({ arrived: () => readFile(join(directory, 'events.ndjson'), 'utf8') })
   */
  destination?(place: Pick<Place, 'directory'>): TestDestination | Promise<TestDestination>;
  /**
   * What a body or message says, as text, where that is not the body itself: base64 in JSON, protobuf, snappy. The kit looks for
   * its events there. `content-encoding: gzip`, `deflate` and `br` are undone before. With it, `preview` need not be what is sent,
   * byte by byte: it must hold every event, as it is or decoded.
   *
   * @example decode: (body) => JSON.parse(body).messages.map(({ data }) => Buffer.from(data, 'base64')).join('\n')
   */
  readonly decode?: Decode<ReceivedRequest>;
  /** How long a token of `tokenUrl` is good, milliseconds. Default: an hour. */
  readonly tokenLifetime?: number;
  /** What the HTTP server answers when all is well. Default: 200 with `{}`. */
  readonly answer?: Answer | Answering;
  /**
   * For a service over HTTP that answers about each record: its answer when it does not take those of which `isBad` is true, for
   * good (`refused`) or for now (`busy`), and takes all others. The output must name just those.
   */
  answerByRecord?(
    request: ReceivedRequest,
    isBad: (text: string) => boolean,
    fault: 'refused' | 'busy',
  ): Answer;
}
