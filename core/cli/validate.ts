import { Option } from 'commander';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';

/** More outputs than a person reads. */
const SHOWN = 50;

export const validate: RegisterCommand = (program, cli) => {
  withConfig(program.command('validate'))
    .description('report all errors in a configuration, with line and column')
    .addOption(
      new Option('--format <format>', 'how errors are printed').choices(['text', 'json']).default('text'),
    )
    .option('--json', 'the same as --format json')
    .option('--no-plugins', 'reject outputs and mappers that are not built in, instead of running their code')
    .addHelpText(
      'after',
      '\nExamples:\n  tiercel validate -c tiercel.yaml --format json\n  helm template . | yq .data.config | tiercel validate -c -',
    )
    .action(async ({ format, ...given }: ConfigOptions & { format: 'text' | 'json' }) => {
      const options: ConfigOptions = format === 'json' ? { ...given, json: true } : given;
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      if (options.json) return cli.json(JSON.stringify({ ok: true, errors: [], warnings: config.warnings }));
      const shown = config.outputs.slice(0, SHOWN).map(({ name, type }) => `${name} (${type})`);
      const names = [...shown, ...(config.outputs.length > SHOWN ? ['…'] : [])].join(', ');
      const { length } = config.outputs;
      const name = options.config === '-' ? 'standard input' : options.config;
      cli.out(`${name} is valid: ${length === 1 ? '1 output' : `${length} outputs`}: ${names}`);
    });
};
