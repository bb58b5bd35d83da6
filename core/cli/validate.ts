import { Option } from 'commander';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';

export const validate: RegisterCommand = (program, cli) => {
  withConfig(program.command('validate'))
    .description('say every mistake in a configuration, with line and column')
    .addOption(
      new Option('--format <format>', 'how mistakes are printed').choices(['text', 'json']).default('text'),
    )
    .option('--json', 'the same as --format json')
    .option('--no-plugins', 'refuse outputs and mappers that are not built in, instead of running their code')
    .addHelpText('after', '\nExample:\n  tiercel validate -c tiercel.yaml --format json')
    .action(async ({ format, ...given }: ConfigOptions & { format: 'text' | 'json' }) => {
      const options: ConfigOptions = format === 'json' ? { ...given, json: true } : given;
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      if (options.json) return cli.json(JSON.stringify({ ok: true, errors: [], warnings: config.warnings }));
      const names = config.outputs.map(({ name, type }) => `${name} (${type})`).join(', ');
      cli.out(
        `${options.config} is valid: ${config.outputs.length === 1 ? '1 output' : `${config.outputs.length} outputs`}: ${names}`,
      );
    });
};
