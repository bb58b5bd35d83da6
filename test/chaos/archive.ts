import { createReadStream, existsSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Findings } from './findings.ts';
import { eventOf, idOf } from './payload.ts';
import type { Place } from './place.ts';

/**
 * The NDJSON file of the `file` output. It is renamed when it is large, as logrotate does, read as a stream when the
 * program has opened a new one, and removed: two of them at most are on the disk.
 */
export interface Archive {
  /** Lines that a kill left half written. */
  torn(): number;
  /** Reads the rest. Only when the program does not run. */
  finish(): Promise<void>;
  /** Ends the rotation; nothing more is read. */
  stop(): Promise<void>;
}

export interface ArchiveOptions {
  readonly path: string;
  readonly seed: number;
  readonly place: Place;
  readonly findings: Pick<Findings, 'add'>;
  /** The file is renamed at this size, bytes. */
  readonly rotateAt: number;
}

/** How the text of each event begins. */
const HEAD = '{"hostname":"node-';
/** How often the file is looked at, milliseconds. */
const LOOK_EVERY = 500;

export function watchArchive({ path, seed, place, findings, rotateAt }: ArchiveOptions): Archive {
  const rotated = `${path}.1`;
  let read = 0;
  let torn = 0;
  let stopped = false;

  /** Bytes are counted over all files: a position names a line of the run. */
  async function readFile(file: string): Promise<void> {
    for await (const { line, at } of linesOf(file)) {
      const id = idOf(line);
      const position = `byte ${read + at}`;
      if (isTorn(seed, line, id)) torn += 1;
      else place.take(id, line, position);
    }
    read += statSync(file).size;
    await rm(file);
  }

  const rotate = async (): Promise<void> => {
    while (!stopped) {
      await sleep(LOOK_EVERY);
      // The program opens the new file when it has done with the old one.
      if (existsSync(rotated)) {
        if (existsSync(path)) await readFile(rotated);
      } else if (existsSync(path) && statSync(path).size >= rotateAt) {
        await rename(path, rotated);
      }
    }
  };
  const rotating = rotate().catch((error: Error) => {
    if (!stopped) findings.add(`${place.name}: the file could not be read`, error.message);
  });

  const stop = async (): Promise<void> => {
    stopped = true;
    await rotating;
  };
  return {
    torn: () => torn,
    stop,
    async finish() {
      await stop();
      for (const file of [rotated, path]) if (existsSync(file)) await readFile(file);
    },
  };
}

/** A kill can fall into a write: then a line stops early, and the next process ends it. */
function isTorn(seed: number, line: string, id: number | undefined): boolean {
  // The cut can fall into a character.
  const whole = line.replace(/\uFFFD+$/, '');
  if (id === undefined) return HEAD.startsWith(whole.slice(0, HEAD.length));
  const event = eventOf(seed, id);
  // It can also fall into the number, which then is that of another event.
  return line !== event && (event.startsWith(whole) || /"chaos\.id":\d+$/.test(whole));
}

/** The lines of a file with the position of each, without the empty ones. */
async function* linesOf(file: string): AsyncGenerator<{ line: string; at: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18 })) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let from = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, from)) {
      if (end > from) yield { line: rest.toString('utf8', from, end), at: at + from };
      from = end + 1;
    }
    rest = rest.subarray(from);
    at += from;
  }
  if (rest.length > 0) yield { line: rest.toString('utf8'), at };
}
