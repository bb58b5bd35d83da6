import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runHere } from '../../../support/cli.ts';

let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tiercel-completion-'));
  writeFileSync(join(dir, 'tiercel.yaml'), '');
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(dir, `completion.${shell}`), (await runHere(['completion', shell], dir)).stdout);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What each shell offers for a word behind others: the words that begin like it, or `FILE` where it looks for a file itself. */
const SHELLS = {
  bash: (before: string[], word: string) =>
    run(
      'bash',
      [
        '-c',
        `source completion.bash; COMP_WORDS=(${before.join(' ')} '${word}'); COMP_CWORD=${before.length}
         _tiercel; printf '%s\\n' "\${COMPREPLY[@]:-FILE}"`,
      ],
      dir,
    ),
  // Its own completion system needs a terminal; what it would be told is printed here.
  zsh: (before: string[], word: string) =>
    run(
      'zsh',
      [
        '-f',
        '-c',
        `compdef() { }; compadd() { shift; for w in "$@"; do [[ $w == '${word}'* ]] && print -r -- $w; done }
         _files() { print FILE }
         source completion.zsh; words=(${before.join(' ')} '${word}'); CURRENT=${before.length + 1}; _tiercel`,
      ],
      dir,
    ),
  fish: (before: string[], word: string) =>
    run(
      'fish',
      ['--no-config', '-c', `source completion.fish; complete -C "${[...before, word].join(' ')}"`],
      dir,
    ),
};

describe.each(Object.entries(SHELLS))('completion in %s', (shell, complete) => {
  const isThere = spawnSync(shell, ['-c', 'true']).error === undefined;
  if (!isThere) console.log(`skipped: completion in ${shell}: there is no ${shell} on this machine`);

  it.skipIf(!isThere).each([
    ['tiercel', 'desc', ['describe']],
    ['tiercel describe', 'aws_sec', ['aws_security_lake']],
    ['tiercel dlq', 'rep', ['replay']],
    ['tiercel validate', '--form', ['--format']],
    ['tiercel -c x.yaml validate', '--no-p', ['--no-plugins']],
    ['tiercel validate --format', 'js', ['json']],
    ['tiercel init --output', 'slac', ['slack']],
    ['tiercel create', 'out', ['output']],
    ['tiercel journal', 'tier', []],
    ['tiercel validate -c', 'tiercel.y', ['FILE']],
    ['tiercel send', 'tiercel.y', ['FILE']],
  ])('completes %s %s', (before, word, offered) => {
    const { stdout, stderr } = complete(before.split(' '), word);
    expect(stderr).toBe('');
    // fish says behind a tab what each means.
    const lines = stdout.split('\n').flatMap((line) => line.split('\t')[0] || []);
    // bash and zsh leave files to their own completion, which is not asked here; fish has them among the rest.
    const given = lines.map((line) => (line === 'tiercel.yaml' ? 'FILE' : line));
    const words = given.some((line) => line !== 'FILE') ? given.filter((line) => line !== 'FILE') : given;
    // A shell of whose completion nothing is left has a look at the files: bash does so everywhere.
    expect(words).toEqual(offered.length === 0 && shell === 'bash' ? ['FILE'] : offered);
  });

  it.skipIf(!isThere || shell !== 'zsh')('loads without compinit, and from a folder of fpath', () => {
    const loaded = run('zsh', ['-f', '-c', 'source completion.zsh; print $_comps[tiercel]'], dir);
    expect(loaded).toEqual({ status: 0, stdout: '_tiercel\n', stderr: '' });
    const asked = `compadd() { print $2 }; _files() {}; autoload -Uz _tiercel; words=(tiercel desc); CURRENT=2; _tiercel`;
    const script = `mkdir fp; cp completion.zsh fp/_tiercel; fpath=($PWD/fp $fpath); ${asked}`;
    expect(run('zsh', ['-f', '-c', script], dir)).toEqual({ status: 0, stdout: 'run\n', stderr: '' });
  });
});
