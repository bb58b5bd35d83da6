import type { Command } from 'commander';
import { type Block, code, heading, type Page, table, text } from './page.ts';

/** Columns that help is written for. */
const WIDTH = 100;

/** The page of every command: its own help. */
export function cliPage(program: Command): Page {
  return [
    heading(1, 'The command line'),
    text('Every command explains itself: `tiercel COMMAND --help` prints what stands here.'),
    text(
      `What a command prints is for people, wherever it goes: \`tiercel describe webhook > webhook.txt\` writes what the terminal shows. \`--json\` is for programs: every command that
reports something takes it, for the mistakes in a broken configuration as well; \`schema\` prints JSON anyhow, and \`run\` logs as \`log.format\` says. Colours and questions are on a
terminal only, and no colours where \`NO_COLOR\` is set; how far something is goes to standard error.`,
    ),
    table(
      ['exit code', 'meaning'],
      [
        ['0', 'All is well.'],
        ['1', 'Something is wrong with what was looked at, or the program failed.'],
        ['2', 'It was called wrongly, or the configuration is broken.'],
        ['3', '`doctor`: nothing failed, and something could not be checked.'],
      ],
    ),
    code('', helpOf(program)),
    ...commandsOf(program).flatMap(({ path, command }): Block[] => [
      heading(2, path),
      code('', helpOf(command)),
    ]),
  ];
}

/** All commands with those below them, each with its full name. */
export function commandsOf(
  program: Command,
  prefix = program.name(),
): { readonly path: string; readonly command: Command }[] {
  return program.commands.flatMap((command) => {
    const path = `${prefix} ${command.name()}`;
    return [{ path, command }, ...commandsOf(command, path)];
  });
}

/** What `--help` prints, examples and all. */
export function helpOf(command: Command, width = WIDTH): string {
  let written = '';
  command.configureOutput({
    writeOut: (words) => {
      written += words;
    },
    getOutHelpWidth: () => width,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return written.trim();
}
