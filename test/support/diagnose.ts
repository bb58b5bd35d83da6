import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspectableAt, stackOf } from './stack.ts';

/** What is asked of a program that does not get on. */
export interface Patient {
  readonly pid: number;
  readonly url: string;
  /** Where its reports go, if it was started with {@link REPORTING}. */
  readonly reports?: string | undefined;
  /** How long it may take to write a report, in milliseconds. */
  readonly reportWithin?: number;
  /** All that it has printed. */
  printed(): string;
}

/** Options of Node that make a program say what it does when it is sent SIGUSR2. */
export const reportingTo = (folder: string, port: number): string =>
  `${inspectableAt(port)} --report-on-signal --report-signal=SIGUSR2 --report-exclude-network --report-directory=${folder}`;

const TELLING = /^tiercel_(events_pending|output_state\{.*\} 1|output_oldest|dead_letters|journal_)/;
const ANSWER = 5000;
const REPORT = 3000;

/** What can be seen of a program from outside and what it says itself: enough to tell what it waits for. */
export async function diagnose(patient: Patient): Promise<string> {
  const { url } = patient;
  const said = await Promise.all([
    ask(`${url}/readyz`),
    ask(`${url}/outputs`),
    ask(`${url}/metrics`, (text) =>
      text
        .split('\n')
        .filter((line) => TELLING.test(line))
        .join('\n'),
    ),
  ]);
  return [
    '--- diagnosis',
    `load ${readOr('/proc/loadavg')}; processors ${readOr('/proc/pressure/cpu')}; disk ${readOr('/proc/pressure/io')}`,
    ...threadsOf(patient.pid),
    ...said,
    await report(patient),
    '---',
  ].join('\n');
}

async function ask(address: string, pick = (text: string) => text): Promise<string> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(ANSWER) });
    return `${address}: ${response.status} ${pick(await response.text())
      .trim()
      .slice(0, 4000)}`;
  } catch (error) {
    const { message, cause } = error as Error;
    return `${address}: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`;
  }
}

/** Each thread: how it is, where in the kernel it waits, and how much of a processor it had and waited for. */
function threadsOf(pid: number): string[] {
  const folder = `/proc/${pid}/task`;
  try {
    return readdirSync(folder).map((thread) => {
      const read = (name: string) => readOr(join(folder, thread, name));
      const state = read('stat').split(') ')[1]?.[0] ?? '?';
      const [ran, waited] = read('schedstat')
        .split(' ')
        .map((ns) => Math.round(Number(ns) / 1e6));
      return `thread ${thread} ${read('comm')}: ${state} in ${read('wchan')}, ran ${ran} ms, waited ${waited} ms`;
    });
  } catch {
    return [`process ${pid} is not there`];
  }
}

/** The JavaScript stack, and what the event loop waits for. */
async function report({ pid, reports, reportWithin = REPORT, printed }: Patient): Promise<string> {
  if (reports === undefined) return 'no report: it was not started to give one';
  const isNew = (name: string) => name.startsWith('report.') && name.includes(`.${pid}.`);
  const first = ranFor(pid);
  const ranSince = () => `its main thread ran ${ranFor(pid) - first} ms of them`;
  const before = readdirSync(reports).filter(isNew).length;
  try {
    process.kill(pid, 'SIGUSR2');
  } catch (error) {
    return `no report: ${(error as Error).message}`;
  }
  for (let waited = 0; waited < reportWithin; waited += 100) {
    await sleep(100);
    const names = readdirSync(reports).filter(isNew).sort();
    if (names.length === before) continue;
    try {
      const { javascriptStack, libuv } = JSON.parse(readFileSync(join(reports, names.at(-1)!), 'utf8'));
      const handles = libuv
        .filter((handle: { is_active: boolean }) => handle.is_active)
        .map(({ address: _, is_active, ...handle }: Record<string, unknown>) => JSON.stringify(handle));
      return ['stack:', ...(javascriptStack.stack ?? []), 'the event loop waits for:', ...handles].join('\n');
    } catch {
      // It is still being written.
    }
  }
  const silence = `no report within ${reportWithin} ms: the event loop does not turn; ${ranSince()}`;
  return `${silence}\n${await stackOf(pid, printed)}`;
}

/** Milliseconds of a processor that the main thread had. */
function ranFor(pid: number): number {
  return Math.round(Number(readOr(`/proc/${pid}/schedstat`).split(' ')[0]) / 1e6);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim().split('\n')[0]!;
  } catch {
    return '?';
  }
}
