import { setTimeout } from 'node:timers';
import type { App } from '../app.ts';
import { renderLine } from '../config/explain/render.ts';
import type { Config } from '../config/schema/config.ts';
import { aborted, deadlineIn } from '../delivery/stopping.ts';
import { createLogger, type RootLogger } from '../telemetry/log.ts';
import { type ConfigOptions, EXIT, type RegisterCommand, withConfig } from './command.ts';
import type { LoadedConfig } from './load.ts';
import { onProcessWarning, onUnhandledRejection } from './process-events.ts';
import { watchFiles } from './watch.ts';

export const run: RegisterCommand = (program, cli) => {
  withConfig(program.command('run', { isDefault: true }))
    .description('take events in and deliver them, until SIGTERM')
    .option('--watch', 'reload when the configuration changes, as SIGHUP does')
    .addHelpText('after', '\nExample:\n  tiercel run -c tiercel.yaml --set log.level=debug')
    .action(async (options: ConfigOptions & { watch?: boolean }) => {
      const config = await cli.load({ ...options, warn: false });
      if (config === undefined) return cli.exit(EXIT.usage);
      const log = createLogger({ ...config.log, secrets: config.secrets });
      logWarnings(config, log);
      onProcessWarning((line) => log.warn(line));
      onUnhandledRejection(log, () => process.exit(EXIT.failed));
      cli.exit(await runUntilStopped(config, log, options, cli));
    });
};

/** One line of the log each: who reads it may have no terminal. */
function logWarnings({ warnings }: LoadedConfig, log: RootLogger): void {
  for (const warning of warnings) log.warn({ code: warning.code, path: warning.path }, renderLine(warning));
}

async function runUntilStopped(
  config: Config,
  log: RootLogger,
  options: ConfigOptions & { watch?: boolean },
  cli: Parameters<RegisterCommand>[1],
): Promise<number> {
  // Loaded here, so that `--help` and `validate` do not pay for it.
  const starting = import('../app.ts').then(({ startApp }) =>
    startApp({ config, log, version: cli.builtIns.version }),
  );
  let reloading: Promise<void> = starting.then(
    () => {},
    () => {},
  );
  let files = config.files;
  let stopping = false;
  const reload = (why: string) => {
    reloading = reloading.then(async () => {
      if (stopping) return;
      log.info(`Reloading the configuration: ${why}`);
      const next = await cli.load({ ...options, warn: false });
      if (next === undefined)
        return log.error('The new configuration is broken (see above); the old one keeps running');
      log.hide(next.secrets);
      logWarnings(next, log);
      files = next.files;
      try {
        const { needsRestart } = await (await starting).reload(next);
        if (needsRestart.length > 0)
          log.warn(`Changed, but taken over only by a restart: ${needsRestart.join(', ')}`);
      } catch (error) {
        log.error(`The new configuration could not be taken over: ${(error as Error).message}`);
      }
    });
  };
  // Before it has started, too: unheard, the signal would end the process.
  process.on('SIGHUP', () => reload('SIGHUP'));
  let app: App;
  try {
    app = await starting;
  } catch (error) {
    log.error({ code: (error as NodeJS.ErrnoException).code }, (error as Error).message);
    exitSoon();
    return EXIT.failed;
  }
  const stopWatching = options.watch
    ? watchFiles(
        () => files,
        () => reload('a file changed'),
      )
    : () => {};

  const signal = await new Promise<NodeJS.Signals | undefined>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, resolve);
    aborted(app.failed).then(() => resolve(undefined));
  });
  stopping = true;
  stopWatching();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.warn(`${name} again: stopping now. What is under way is delivered after the next start`);
      process.exit(EXIT.failed);
    });
  }
  const failure = app.failed.reason as Error | undefined;
  if (signal !== undefined)
    log.info(
      `${signal}: stopping within ${config.shutdown.deadline / 1000} s; a second signal stops at once`,
    );
  else log.error(`${failure?.message}. No more events can be accepted: the process ends`);
  // Where another process has the journal, it delivers what is pending: nothing is finished here.
  const deadline =
    failure?.name === 'LockLostError' ? AbortSignal.abort() : deadlineIn(config.shutdown.deadline);
  await Promise.race([reloading, aborted(deadline)]);
  await app.stop(deadline);
  if (signal !== undefined) return EXIT.ok;
  exitSoon();
  return EXIT.failed;
}

/** A plugin that keeps a timer or a connection open must not keep a process alive that has failed. */
function exitSoon(): void {
  setTimeout(() => process.exit(EXIT.failed), 1000).unref();
}
