import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Findings } from '../findings.ts';
import { eventOf, idOf, idsOf } from '../payload.ts';
import type { Place } from '../place.ts';
import type { Random } from '../random.ts';
import { type Fault, respond, type TargetAnswer } from './fault.ts';

/** A destination that takes JSON arrays of events, checks each when it arrives, and fails on command. */
export interface Webhook {
  readonly url: string;
  readonly place: Place;
  setFault(fault: Fault): void;
  /** From now on it takes the events that it refuses otherwise, until the acceptance is closed. */
  accept(): Acceptance;
  close(): void;
}

/** A time in which a webhook takes what it refuses otherwise. May be interrupted. */
export interface Acceptance {
  /** It refuses these events again, and {@link resume} takes them again. */
  pause(): void;
  resume(): void;
  /** Ends it for good. */
  close(): {
    /** Number of events that it took and refuses otherwise. */
    readonly taken: number;
    /** Those that arrived more than once. */
    readonly twice: readonly number[];
    /** Requests whose client did not wait for the answer, so that it had to repeat them. */
    readonly unheard: number;
  };
}

export interface WebhookOptions {
  readonly seed: number;
  readonly random: Random;
  readonly place: Place;
  readonly findings: Pick<Findings, 'add'>;
  /** Events that it refuses for their content, with 422 for the whole request. */
  readonly poison?: (id: number) => boolean;
}

/** Starts it on 127.0.0.1. */
export async function startWebhook(options: WebhookOptions): Promise<Webhook> {
  const { seed, random, place, findings, poison = () => false } = options;
  let fault: Fault = 'none';
  let requests = 0;
  let acceptance: { open: boolean; taken: Set<number>; twice: number[]; unheard: number } | undefined;

  const take = (body: Buffer): TargetAnswer => {
    const request = `request ${++requests}`;
    const text = body.toString('utf8');
    const ids = idsOf(text);
    // As a rule the body is exactly the events, which is quick to compare.
    const exact = text === `[${ids.map((id) => eventOf(seed, id)).join(',')}]`;
    const arrived = exact ? ids : eventsOf(text);
    if (arrived === undefined) {
      findings.add(`${place.name}: a body that is not a JSON array`, `${request}: ${text.slice(0, 200)}`);
      return { status: 400, body: '{}' };
    }
    if (!acceptance?.open && arrived.some((id) => id !== undefined && poison(id)))
      return { status: 422, body: '{"error":"an event has a value that is not allowed"}' };
    for (const [index, id] of arrived.entries()) {
      place.take(id, undefined, `${request}, element ${index}`);
      if (!exact && id !== undefined && !text.includes(eventOf(seed, id)))
        findings.add(`${place.name}: an event was altered`, `${request}, element ${index}`, id);
      if (acceptance === undefined || id === undefined || !poison(id)) continue;
      if (acceptance.taken.has(id)) acceptance.twice.push(id);
      acceptance.taken.add(id);
    }
    return { status: 200, body: '{}' };
  };

  const watchAnswer = (response: ServerResponse): void => {
    response.once('close', () => {
      if (acceptance && !response.writableFinished) acceptance.unheard += 1;
    });
  };

  const server = createServer((request, response) => {
    watchAnswer(response);
    void respond(fault, random, request, response, take);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    place,
    setFault: (next) => {
      fault = next;
      // A client that hangs on a connection of the old behavior notices the new one.
      if (next === 'none') server.closeAllConnections();
    },
    accept: () => {
      const current = { open: true, taken: new Set<number>(), twice: [] as number[], unheard: 0 };
      acceptance = current;
      return {
        pause: () => {
          current.open = false;
        },
        resume: () => {
          current.open = true;
        },
        close: () => {
          acceptance = undefined;
          return { taken: current.taken.size, twice: current.twice, unheard: current.unheard };
        },
      };
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The numbers of the events of a JSON array; undefined when the text is none. */
function eventsOf(text: string): (number | undefined)[] | undefined {
  try {
    return (JSON.parse(text) as unknown[]).map((event) => idOf(JSON.stringify(event)));
  } catch {
    return undefined;
  }
}
