import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { oneLine } from '../sdk/contract/printable.ts';
import { type Cli, EXIT, type RegisterCommand } from './command.ts';
import { type FileEvent, readEvents } from './events.ts';
import type { Instance } from './here.ts';
import { findInstance, type InstanceOptions, withInstance } from './instance.ts';
import { refusal } from './post.ts';
import { createProgress } from './progress.ts';

/** What one request carries at most. */
const REQUEST = { events: 1000, bytes: 1 << 20 };
/** How long a full instance is asked again, milliseconds, and how long it is left alone when it does not say. */
const PATIENCE = 60_000;
const PAUSE = 1000;
/** Rejections that are told one by one. */
const TOLD = 20;

export const send: RegisterCommand = (program, cli) => {
  withInstance(program.command('send'))
    .summary('send events to a running instance')
    .description('send events to a running instance: a sample, or those of a file')
    .argument('[file]', 'NDJSON or a JSON array, - for stdin; else a sample')
    .option('--priority <priority>', 'the priority of the sample event', 'Debug')
    .addHelpText(
      'after',
      `
Examples:
  tiercel send --priority critical
  tiercel send events.ndjson
  kubectl logs ds/falco | grep ^{ | tiercel send -`,
    )
    .action(
      async (file: string | undefined, options: InstanceOptions & { priority: string }, command: Command) => {
        const instance = await findInstance(cli, command, 'events');
        if (instance === undefined) return cli.exit(EXIT.usage);
        try {
          const work =
            file === undefined ? sendSample(cli, instance, options) : sendFile(cli, instance, file, options);
          cli.exit(await work);
        } finally {
          instance.poster.close();
        }
      },
    );
};

async function sendSample(
  cli: Cli,
  { poster, url }: Instance,
  { priority, json }: { readonly priority: string; readonly json?: boolean },
): Promise<number> {
  const answer = await poster.post(`/test?priority=${encodeURIComponent(priority)}`, '');
  if (answer.status !== 200) throw refusal(url, answer);
  const sent = JSON.parse(answer.body) as { id: string; rule: string; priority: string };
  if (json) cli.json(answer.body.trim());
  else cli.out(`${url} accepted the ${sent.priority} event "${sent.rule}", id ${sent.id}.`);
  return EXIT.ok;
}

async function sendFile(
  cli: Cli,
  instance: Instance,
  file: string,
  { json }: { readonly json?: boolean },
): Promise<number> {
  const progress = createProgress();
  const rejected: { readonly place: string; readonly reason: string }[] = [];
  let accepted = 0;
  let refused = 0;
  const refuse = (place: string, reason: string) => {
    refused++;
    if (rejected.length < TOLD) rejected.push({ place, reason });
  };
  for await (const request of inRequests(readEvents(file), refuse)) {
    const result = await sendRequest(instance, request);
    accepted += result.accepted;
    for (const { index, reason } of result.rejected) refuse(request[index]?.place ?? '', reason);
    progress.tell(() => `${accepted} events accepted, ${refused} refused`);
  }
  progress.end();
  for (const { place, reason } of rejected) cli.err(oneLine(`${place}: ${reason}`));
  if (refused > rejected.length) cli.err(`and ${refused - rejected.length} more`);
  if (json) cli.json(JSON.stringify({ accepted, refused, rejected }));
  else cli.out(`${instance.url} accepted ${accepted} events${refused > 0 ? ` and refused ${refused}` : ''}.`);
  return refused > 0 || accepted === 0 ? EXIT.failed : EXIT.ok;
}

interface BulkResult {
  readonly accepted: number;
  readonly rejected: readonly { readonly index: number; readonly reason: string }[];
}

/** Sends one request, again and again while the instance says that it is full. */
async function sendRequest({ poster, url }: Instance, events: readonly FileEvent[]): Promise<BulkResult> {
  const body = Buffer.concat(events.flatMap(({ raw }) => [raw, NEWLINE]));
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const answer = await poster.post('/events', body);
    const { status, headers } = answer;
    if (status === 202) return JSON.parse(answer.body) as BulkResult;
    // None of them is an event: the answer says so one by one.
    if (status === 400 && answer.body.includes('"rejected":[')) return JSON.parse(answer.body) as BulkResult;
    const isFull = status === 429 || status === 503;
    if (!isFull || performance.now() > deadline) throw refusal(url, answer);
    await sleep(Number(headers['retry-after']) * 1000 || PAUSE);
  }
}

const NEWLINE = Buffer.from('\n');

/** @param refuse is told of what is no JSON object: in the middle of NDJSON it would be taken for something else */
async function* inRequests(
  events: AsyncIterable<FileEvent>,
  refuse: (place: string, reason: string) => void,
): AsyncGenerator<readonly FileEvent[]> {
  let request: FileEvent[] = [];
  let bytes = 0;
  for await (const event of events) {
    if (event.raw[0] !== 0x7b) {
      refuse(event.place, 'is not a JSON object');
      continue;
    }
    // An object laid out over several lines would not be one line of NDJSON.
    const line = event.raw.includes(0x0a) ? { ...event, raw: joinLines(event.raw) } : event;
    if (request.length >= REQUEST.events || (request.length > 0 && bytes + line.raw.length > REQUEST.bytes)) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(line);
    bytes += line.raw.length;
  }
  if (request.length > 0) yield request;
}

/** Line ends stand only between the members of valid JSON; in anything else they are in the way all the same. */
function joinLines(raw: Uint8Array): Uint8Array {
  return raw.map((byte) => (byte === 0x0a || byte === 0x0d ? 0x20 : byte));
}
