// The least that reading NDJSON can cost: `parse-lines.js <milliseconds>` splits a body and gives each line to JSON.parse.
import { alerts } from './cost.ts';

const body = Buffer.concat(alerts.flatMap((alert) => [alert, Buffer.from('\n')]));
const milliseconds = Number(process.argv[2]);
let events = 0;
let sink: unknown;
const round = () => {
  for (const line of body.toString('utf8').split('\n')) if (line !== '') sink = JSON.parse(line);
};
for (let warm = 0; warm < 10; warm++) round();
const started = process.cpuUsage();
for (const end = performance.now() + milliseconds; performance.now() < end; events += alerts.length) round();
const { user, system } = process.cpuUsage(started);
if (sink !== undefined) console.log(JSON.stringify({ perCpuSecond: events / ((user + system) / 1e6) }));
