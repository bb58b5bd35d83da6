/**
 * `npm run bench:peers [-- part of a name...] [-- --rounds N]`: the same load on Tiercel and on its peers, on one
 * machine; and what becomes of the events they answered for when they are killed or their destination is down. Writes
 * `bench/PEERS.md` when all of them ran that can be had. Linux only.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from '../lib/machine.ts';
import { ROOT } from '../lib/process.ts';
import { megabytes, perSecond, type Spread, spread } from '../lib/report.ts';
import { PEERS, type Peer, programOf, refusalOf } from './peers.ts';
import { killUnderLoad, measureSpeed, outage, type Speed, type Survival } from './scenarios.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' } },
});
const rounds = Number(values.rounds);
const asked = PEERS.filter(
  ({ name }, index) =>
    index === 0 || positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
const peers = asked.filter((peer) => programOf(peer) !== undefined);
const absent = asked.filter((peer) => programOf(peer) === undefined);
const written: string[] = [];
const say = (line: string) => {
  console.log(line);
  written.push(line);
};

say(machine(rounds));
say(`
## What an answer means

| system | its answer |
|---|---|`);
for (const { name, promise } of peers) say(`| ${name} | ${promise} |`);

say(`
## One event a POST, 64 connections

Median of the rounds (least–most); the rounds are interleaved, and each starts the system anew. The destination takes HTTP and does nothing. Delivered: until it had 99 % of the bytes that came in the end; the processor time is that until two seconds after the last of them. The last column: how busy the load generator was, 1 is a whole core.
`);
await compareSpeed('one', peers);

say(`
## 1,000 events a request, 4 connections

NDJSON for Tiercel, OTLP in JSON for the Collector; the others have no such request.
`);
await compareSpeed(
  'many',
  peers.filter(({ many }) => many !== undefined),
);

say(`
## What becomes of events that were answered with a 2xx

Lost: of those answered, the ones that the destination never got. Twice: got more than once. Refused: answered with something else, so their sender knows. A kill leaves what the system has not synced yet; a power cut would take that, and is not among the harms.

| system | harm | answered | lost | twice | refused |
|---|---|---|---|---|---|`);
const HARMS: Readonly<Record<string, (peer: Peer) => Promise<Survival>>> = {
  'kill -9 under load, 64 connections': killUnderLoad,
  'destination answers 503 for 10 s at 500 events/s': (peer) => outage(peer, false),
  'the same, and kill -9 before it is back': (peer) => outage(peer, true),
};
for (const [harm, run] of Object.entries(HARMS)) {
  for (const peer of peers) {
    const { answered, lost, again, refused } = await run(peer);
    const shown = lost === 0 ? '**0**' : `${count(lost)} (${((100 * lost) / answered).toFixed(1)} %)`;
    say(`| ${peer.name} | ${harm} | ${count(answered)} | ${shown} | ${count(again)} | ${count(refused)} |`);
  }
}

if (absent.length > 0) {
  say(`
## Not measured

What the registries said when \`bench/peers/install.sh\` asked for them; they are measured where they can be had.

| system | why |
|---|---|`);
  for (const peer of absent) say(`| ${peer.name} | ${refusalOf(peer)} |`);
}

if (positionals.length === 0) {
  const about = `# Tiercel beside its peers

What \`npm run bench:peers\` measured: the same load on one machine, each system with its own process beside one load generator and one destination. The systems do not promise the same: read the rates beside the first table and the last.
`;
  writeFileSync(join(ROOT, 'bench', 'PEERS.md'), `${about}\n${written.join('\n')}\n`);
}

async function compareSpeed(kind: 'one' | 'many', systems: readonly Peer[]): Promise<void> {
  const results = new Map<Peer, Speed[]>(systems.map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    for (const peer of systems) results.get(peer)!.push(await measureSpeed(peer, kind));
  }
  const of = (peer: Peer, what: keyof Speed) => results.get(peer)!.map((speed) => speed[what]);
  say(
    '| system | answered | ours / theirs | delivered | ours / theirs | p50 | p99 | processor time an event | theirs / ours | peak memory | refused | sender |\n|---|---|---|---|---|---|---|---|---|---|---|---|',
  );
  /** Of ours and theirs, round by round. */
  const ratio = (peer: Peer, what: keyof Speed) =>
    spread(of(systems[0]!, what).map((value, round) => value / of(peer, what)[round]!));
  for (const peer of systems) {
    const median = (what: keyof Speed) => spread(of(peer, what)).median;
    const figures = [
      peer.name,
      range(spread(of(peer, 'rate')), perSecond),
      range(ratio(peer, 'rate'), shortly),
      range(spread(of(peer, 'delivered')), perSecond),
      range(ratio(peer, 'delivered'), shortly),
      `${median('p50').toFixed(1)} ms`,
      `${median('p99').toFixed(1)} ms`,
      `${median('cost').toFixed(1)} µs`,
      range(inverse(ratio(peer, 'cost')), shortly),
      megabytes(median('peak')),
      count(median('refused')),
      median('senderBusy').toFixed(2),
    ];
    say(`| ${figures.join(' | ')} |`);
  }
}

function range({ median, least, most }: Spread, shown: (value: number) => string): string {
  return `${shown(median)} (${shown(least)}–${shown(most)})`;
}

function inverse({ median, least, most }: Spread): Spread {
  return { median: 1 / median, least: 1 / most, most: 1 / least };
}

function shortly(ratio: number): string {
  return ratio.toFixed(2);
}

function count(value: number): string {
  return value.toLocaleString('en');
}
