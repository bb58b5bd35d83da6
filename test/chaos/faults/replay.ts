import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandResult, spawnCommand } from '../../support/commands.ts';
import type { Fault, Stage } from './fault.ts';

/** Longer than the slowest answer of a destination: then no request of an earlier fault is under way. */
const QUIET = 1600;
/** How long a command may take on a busy machine, milliseconds. */
const PATIENCE = 120_000;

/**
 * An operator replays the dead letters of an output that accepts its events again, then refuses them, then accepts
 * them. Nothing else fails meanwhile, so that no event may be delivered twice.
 *
 * @param commands how many replay at once
 */
function replayFault(name: string, commands: number): Fault {
  return {
    name,
    needs: ['process', 'disk', 'target:picky'],
    weight: 2,
    async act(stage, random) {
      const { picky, pause, findings } = stage;
      await sleep(QUIET);
      const acceptance = picky.accept();
      const refuseForAWhile = async (): Promise<void> => {
        await pause(300, 1200, random);
        acceptance.pause();
        await pause(100, 500, random);
        acceptance.resume();
      };
      const [first] = await Promise.all([replay(stage, commands), refuseForAWhile()]);
      // Some of those that were handed back were refused again.
      const second = await replay(stage, commands);
      await pause(500, 1500, random);
      const { taken, twice, unheard } = acceptance.close();
      // A client that repeats a request without an answer is right.
      if (unheard > 0) return;
      const context = `of ${taken}; the first replay: ${first}; the second: ${second}`;
      for (const id of twice) findings.add('picky: a replayed event was delivered twice', context, id);
    },
  };
}

/** Runs the command several times at once. @returns what they printed */
async function replay({ tiercel, findings }: Stage, commands: number): Promise<string> {
  const run = () =>
    Promise.race([
      spawnCommand(['dlq', 'replay', '--output', 'picky'], { cwd: tiercel.directory }),
      sleep(PATIENCE, { code: null, stdout: '', stderr: `no end within ${PATIENCE} ms` }, { ref: false }),
    ]);
  const results = await Promise.all(Array.from({ length: commands }, run));
  for (const result of results) {
    // A full journal is a reason to refuse, and says so.
    const ended =
      result.code === 0 || (result.code === 1 && /full|room|budget|in progress|another/i.test(said(result)));
    if (!ended) findings.add('tiercel dlq replay fails', `code ${result.code}: ${said(result)}`);
  }
  return results.map(said).join(' | ');
}

const said = ({ stdout, stderr }: CommandResult): string => `${stdout}${stderr}`.trim().slice(-300);

export const replayOnce = replayFault('dlq replay', 1);

export const replayTwiceAtOnce = replayFault('two dlq replays at once', 2);
