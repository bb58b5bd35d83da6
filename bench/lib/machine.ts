import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { ROOT } from './process.ts';

/** One line: which commit was measured, when, and on what. */
export function machine(rounds: number): string {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim();
  const changed = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with changes';
  const facts = [
    `Commit ${git('rev-parse', '--short', 'HEAD') ?? 'unknown'}${changed}`,
    new Date().toISOString().slice(0, 16),
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `${platform()} ${release()}`,
    `Node ${process.version}`,
    `load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')} before the start`,
    `${rounds} rounds`,
  ];
  return `${facts.join(' · ')}.`;
}
