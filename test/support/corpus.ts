import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const FIXTURES = join(REPOSITORY, 'test/fixtures/events');
const RECORDED = join(REPOSITORY, '../shared/data/falco-events');

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean);

/** The sample events that the package ships, one text each. */
export function sampleEvents(): string[] {
  return linesOf(join(REPOSITORY, 'samples/events.ndjson'));
}

/** Events of every shape that real ones have. */
export function shapedEvents(): string[] {
  return linesOf(join(FIXTURES, 'real-shaped.ndjson'));
}

/** The shaped events, and the recorded ones too where the machine has them; each text once. */
export function realEvents(): string[] {
  return [...new Set([...shapedEvents(), ...recordedEvents()])];
}

/** Events composed for the edges: sources, types, numbers, texts and absent members that real ones seldom have. */
export function composedEvents(): string[] {
  return linesOf(join(FIXTURES, 'composed.ndjson'));
}

function recordedEvents(): string[] {
  if (!existsSync(RECORDED)) {
    console.log('no recorded events next to the repository: tests use test/fixtures/events alone');
    return [];
  }
  const files = readdirSync(RECORDED).filter((name) => /^real.*\.ndjson$/.test(name));
  return files.flatMap((name) => linesOf(join(RECORDED, name)));
}
