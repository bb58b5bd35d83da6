import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault, Stage } from './fault.ts';

/** What is changed, and changed back. */
const CHANGES: readonly (readonly [RegExp, string])[] = [
  [/batch: \{ events: 50,/, 'batch: { events: 7,'],
  [/batch: \{ events: 50,/g, 'batch: { events: 20,'],
  [/batch: \{ events: 400 \}/, 'batch: { events: 150 }'],
];
const TAKEN_OVER = /configuration reloaded|reloaded the configuration/i;
const PATIENCE = 30_000;

/** The settings of batches change while events are under way, and change back. */
export const reload: Fault = {
  name: 'SIGHUP with other batch settings',
  needs: ['process'],
  weight: 3,
  async act(stage, random) {
    const file = join(stage.tiercel.directory, 'tiercel.yaml');
    const before = await readFile(file, 'utf8');
    const [pattern, replacement] = random.pick(CHANGES);
    await takeOver(stage, file, before.replace(pattern, replacement));
    await stage.pause(300, 4000, random);
    await takeOver(stage, file, before);
  },
};

async function takeOver({ tiercel, log, findings }: Stage, file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  await writeFile(fresh, text);
  await rename(fresh, file);
  const mark = log.length();
  tiercel.send('SIGHUP');
  if (!(await log.waitFor(TAKEN_OVER, mark, PATIENCE)))
    findings.add('SIGHUP does not reload the configuration', `within ${PATIENCE} ms`);
  if (!tiercel.running()) findings.add('SIGHUP ends the program');
}
