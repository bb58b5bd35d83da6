import { Argument, type Command } from 'commander';
import { commandsOf } from '../docs/cli.ts';
import type { RegisterCommand } from './command.ts';
import { type Place, SHELLS } from './completion-shells.ts';

export const completion: RegisterCommand = (program, cli) => {
  program
    .command('completion')
    .description('print the completion of a shell')
    .addArgument(new Argument('<shell>').choices(Object.keys(SHELLS)))
    .addHelpText(
      'after',
      `
Examples:
  source <(tiercel completion bash)
  source <(tiercel completion zsh)
  tiercel completion fish | source`,
    )
    .action((shell: keyof typeof SHELLS) => {
      const outputs = Object.keys(cli.builtIns.outputs).sort();
      const types = [...outputs, ...Object.keys(cli.builtIns.mappers)].sort();
      const more = { 'tiercel describe': types, 'tiercel init --output': outputs };
      cli.out(SHELLS[shell](placesOf(program, more)));
    });
};

/** Every command with its subcommands, the choices of its arguments and its options. */
function placesOf(program: Command, more: Readonly<Record<string, readonly string[]>>): Place[] {
  return [{ path: program.name(), command: program }, ...commandsOf(program)].map(({ path, command }) => ({
    path,
    isGroup: command.commands.length > 0,
    words: [
      ...command.commands.map((sub) => ({ word: sub.name(), about: sub.description() })),
      ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
        argChoices.map((word) => ({ word, about: description })),
      ),
      ...(more[path] ?? []).map((word) => ({ word, about: '' })),
      ...command.options.map(({ long, flags, description }) => ({ word: long ?? flags, about: description })),
      { word: '--help', about: 'display help for command' },
    ],
    values: command.options
      .filter(({ required, optional }) => required || optional)
      .map(({ long, short, argChoices }) => ({
        flags: [long, short].filter((flag) => flag !== undefined),
        choices: argChoices ?? more[`${path} ${long}`] ?? [],
      })),
  }));
}
