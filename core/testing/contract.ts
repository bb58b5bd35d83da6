import type { AnyMapperDefinition } from '../config/schema/plugins.ts';
import type { Answer, Answering, Destination, ReceivedRequest } from './destination.ts';

/** The `test` function of vitest, node:test or Deno. */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown;

/** Where the output under test delivers to. */
export interface Place {
  /** An HTTP server on the loopback interface. */
  readonly url: string;
  /** An empty folder. */
  readonly directory: string;
}

/** How an output is tested against the contract. */
export interface OutputContract {
  readonly test: TestFunction;
  /** Working options, in YAML spelling, for a destination at this place. Asked before each test. */
  options(place: Place): Record<string, unknown>;
  /** The mapper its records come from, its options in YAML spelling; default: the output's own, or the event as received, as JSON text. */
  readonly mapper?: {
    readonly definition: AnyMapperDefinition;
    readonly options: Record<string, unknown>;
    /** The URL of its compiled module: an output that maps on another thread imports it. */
    readonly module?: string;
  };
  /** False for an output that does not deliver over HTTP to `url`: faults of a server are then not tried. Default true. */
  readonly http?: boolean;
  /** Everything that arrived, as one text in which the marks are looked for. Default: the bodies of the requests. */
  arrived?(place: Place, destination: Destination): Promise<string>;
  /** What the destination answers when all is well, where 200 with `{}` will not do. */
  readonly answer?: Answer | Answering;
  /**
   * For a destination that answers about each record: its answer when it does not take those of which `isBad` is true, for
   * good (`refused`) or for now (`busy`), and takes all others. The output must name just those.
   */
  answerByRecord?(
    request: ReceivedRequest,
    isBad: (text: string) => boolean,
    fault: 'refused' | 'busy',
  ): Answer;
  /** For another protocol than HTTP: make its destination fail as servers do, from now on. What is left out is not tried. */
  readonly faults?: {
    /** It takes connections and says nothing: the delivery must settle soon after the abort. */
    hang?(place: Place): void | Promise<void>;
    /** Every connection is cut: nothing may be called delivered, unless the output confirms nothing. */
    cut?(place: Place): void | Promise<void>;
  };
}
