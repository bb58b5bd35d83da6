import { printConfig } from '../config/print.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';

export const printConfigCommand: RegisterCommand = (program, cli) => {
  withConfig(program.command('print-config'))
    .description('the configuration in force, secrets hidden')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nFiles, environment and --set put together, defaults filled in.\nSecrets are shown as ***.\n\nExample:\n  tiercel print-config -c tiercel.yaml',
    )
    .action(async (options: ConfigOptions) => {
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      if (options.json) cli.json(JSON.stringify(config.redacted, null, 2));
      else cli.out(printConfig(config).trimEnd());
    });
};
