import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventOf, idOf } from '../payload.ts';
import type { Random } from '../random.ts';
import { type Fault, respond } from './fault.ts';

/** A destination that takes JSON arrays of events and fails on command. */
export interface Target {
  readonly url: string;
  setFault(fault: Fault): void;
  /** How often it took each event. */
  readonly arrived: ReadonlyMap<number, number>;
  /** Events that arrived otherwise than they were sent. */
  readonly altered: ReadonlySet<number>;
  close(): void;
}

export interface WebhookOptions {
  readonly seed: number;
  readonly random: Random;
  /** Events that it refuses for their content, with 422 for the whole request. */
  readonly poison?: (id: number) => boolean;
}

/** Starts it on 127.0.0.1. */
export async function startWebhook({ seed, random, poison = () => false }: WebhookOptions): Promise<Target> {
  let fault: Fault = 'none';
  const arrived = new Map<number, number>();
  const altered = new Set<number>();

  const take = (body: Buffer): { status: number; body: string } => {
    const text = body.toString('utf8');
    const ids = (JSON.parse(text) as unknown[]).map((event) => idOf(JSON.stringify(event)) ?? -1);
    if (ids.some(poison)) return { status: 422, body: '{"error":"I do not like one of these"}' };
    for (const id of ids) {
      arrived.set(id, (arrived.get(id) ?? 0) + 1);
      if (!text.includes(eventOf(seed, id))) altered.add(id);
    }
    return { status: 200, body: '{}' };
  };

  const server: Server = createServer((request, response) => {
    void respond(fault, random, request, response, take);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events`,
    setFault: (next) => {
      fault = next;
      // Whoever hangs on a connection of the old behaviour learns of the new one.
      if (next === 'none') server.closeAllConnections();
    },
    arrived,
    altered,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
