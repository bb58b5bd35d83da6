import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SAMPLES = fileURLToPath(new URL('../../samples/events.ndjson', import.meta.url));
const REAL = fileURLToPath(new URL('../../../shared/data/falco-events/', import.meta.url));

const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean);

/** The sample events that the package ships, one text each. */
export function sampleEvents(): string[] {
  return linesOf(SAMPLES);
}

/** Real events of Falco where the machine has them (each text once), else the samples; says which. */
export function realEvents(): string[] {
  if (!existsSync(REAL)) {
    console.log('../shared/data/falco-events is not here: the sample events are taken');
    return sampleEvents();
  }
  const files = readdirSync(REAL).filter((name) => /^real.*\.ndjson$/.test(name));
  return [...new Set(files.flatMap((name) => linesOf(join(REAL, name))))];
}
