import type { BuiltInCommand } from './built-ins.ts';
import type { RegisterCommand } from './command.ts';
import { showWaiting } from './progress.ts';

/** Adds a command that comes from outside of the framework to the program. */
export function builtInCommand(command: BuiltInCommand): RegisterCommand {
  return (program, cli) => {
    const { name, summary, argument, options, example, run } = command;
    const registered = program
      .command(name)
      .description(summary)
      .argument(`<${argument.name}>`, argument.description)
      .addHelpText('after', `\nExample:\n  ${example}`);
    for (const { flags, description } of options) registered.option(flags, description);
    registered.action(async (given: string, chosen: Record<string, string | boolean | undefined>) => {
      const waiting = showWaiting(name);
      const out = (text: string) => {
        waiting.pause();
        cli.out(text);
      };
      const json = (text: string) => {
        waiting.pause();
        cli.json(text);
      };
      try {
        cli.exit(await run(given, chosen, { out, json, err: cli.err }));
      } finally {
        waiting.end();
      }
    });
  };
}
