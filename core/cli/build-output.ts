import { join } from 'node:path';
import type { Config, OutputConfig } from '../config/schema/config.ts';
import { createLoadPackage } from '../plugins/load-package.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Output, StreamOutput } from '../sdk/contract/output.ts';

/** An output as the running program makes it, to be asked something; it is never started. */
export function buildOutput(settings: OutputConfig, config: Config, log: Logger): Output | StreamOutput {
  return settings.definition.create(settings.options, {
    name: settings.name,
    log,
    clock: systemClock,
    fetch: globalThis.fetch,
    stateDir: join(config.journal.path, 'outputs', settings.name),
    configDir: config.dir,
    mapper: settings.mapperDefinition.create(settings.mapper.options, { log }),
    mapperRef: settings.mapper,
    decode: config.enrich,
    load: createLoadPackage({ packages: settings.definition.packages, configDir: config.dir }),
  });
}
