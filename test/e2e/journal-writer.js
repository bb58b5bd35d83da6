// A process for the kill test: appends numbered events to a real disk and prints each number once it is acknowledged.
import { openDiskJournal } from '../../dist/core/journal/disk/journal.js';
import { PositionSet } from '../../dist/core/journal/positions.js';

const [directory, start] = process.argv.slice(2);
const nothing = () => {};
const journal = await openDiskJournal({
  directory,
  maxBytes: 1 << 30,
  segmentBytes: 256 << 10,
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
});
const reader = await journal.subscribe('reader');
await journal.subscribe('hung');
const forever = new AbortController().signal;

let serial = Number(start);
async function produce() {
  for (;;) {
    const id = serial++;
    const raw = new TextEncoder().encode(JSON.stringify({ id, filler: 'x'.repeat(id % 1500) }));
    await journal.append([{ raw, receivedAt: Date.now(), outputs: ['reader', 'hung'] }]);
    process.stdout.write(`${id}\n`);
  }
}
for (let i = 0; i < 16; i++) produce();
process.stderr.write('open\n');
for (;;) {
  const events = await reader.read({ events: 100, bytes: 1 << 20 }, forever);
  const positions = new PositionSet();
  for (const { position } of events) positions.push(position);
  reader.acknowledge(positions);
}
