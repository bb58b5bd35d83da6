import { configSchema } from '../config/schema/editor-schema.ts';
import { createRegistry } from '../plugins/registry.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';

export const schema: RegisterCommand = (program, cli) => {
  const command = withConfig(program.command('schema'))
    .description('the JSON Schema of the configuration, for editors')
    .addHelpText(
      'after',
      `
With -c, the outputs and mappers of that configuration that are not built in are
in it, too.

Example:
  tiercel schema -c tiercel.yaml > config.schema.json`,
    )
    .action(async (options: ConfigOptions) => {
      const registry = createRegistry(cli.builtIns);
      if (command.getOptionValueSource('config') === 'default') {
        return cli.json(JSON.stringify(await configSchema(registry), null, 2));
      }
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      const outputs = config.outputs.map(({ type, definition }) => [type, definition] as const);
      const mappers = config.outputs.map(
        ({ mapper, mapperDefinition }) => [mapper.type, mapperDefinition] as const,
      );
      const used = { outputs: Object.fromEntries(outputs), mappers: Object.fromEntries(mappers) };
      cli.json(JSON.stringify(await configSchema(registry, used), null, 2));
    });
};
