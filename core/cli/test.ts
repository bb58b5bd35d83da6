import { oneLine } from '../sdk/contract/printable.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import { type Mistake, runConfigTest, type TestOutcome } from './config-test.ts';

export const test: RegisterCommand = (program, cli) => {
  withConfig(program.command('test'))
    .description('run the tests of a configuration')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A test stands in the configuration; what its event leaves out is filled in
(priority: Debug):

  tests:
    - name: a shell goes to the archive and wakes nobody
      event: { rule: Terminal shell in container, priority: Notice }
      expect: { outputs: [archive], not_outputs: [oncall] }

Example:
  tiercel test -c tiercel.yaml`,
    )
    .action(async (options: ConfigOptions) => {
      const config = await cli.load(options);
      if (config === undefined) return cli.exit(EXIT.usage);
      const outcomes = config.tests.map((one) => runConfigTest(config, one));
      const failed = outcomes.filter(({ mistakes }) => mistakes.length > 0).length;
      const isGood = outcomes.length > 0 && failed === 0;
      if (options.json) cli.json(JSON.stringify({ ok: isGood, tests: outcomes }, null, 2));
      else if (outcomes.length === 0)
        cli.err(`${options.config} has no tests; tiercel test --help shows one`);
      else
        cli.out(`${outcomes.map(render).join('\n')}\n\n${outcomes.length - failed} passed, ${failed} failed`);
      cli.exit(isGood ? EXIT.ok : EXIT.failed);
    });
};

function render({ name, mistakes }: TestOutcome): string {
  if (mistakes.length === 0) return `ok      ${oneLine(name)}`;
  return [`FAILED  ${oneLine(name)}`, ...mistakes.map(renderMistake)].join('\n');
}

function renderMistake({ path, message, expected, actual }: Mistake): string {
  if (expected === undefined) return `          ${oneLine(`${path}: ${message}`)}`;
  const found = actual === undefined ? 'nothing there' : actual;
  return `          ${oneLine(path)}\n            expected  ${expected}\n            actual    ${found}`;
}
