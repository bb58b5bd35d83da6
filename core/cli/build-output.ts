import { join } from 'node:path';
import type { Config, OutputConfig } from '../config/schema/config.ts';
import { createOutput } from '../plugins/context.ts';
import { systemClock } from '../sdk/contract/clock.ts';
import type { Logger } from '../sdk/contract/logger.ts';
import type { Output, StreamOutput } from '../sdk/contract/output.ts';

/** An output as the running program makes it, to be asked something; it is never started. Stop it, which closes its connections. */
export function buildOutput(settings: OutputConfig, config: Config, log: Logger): Output | StreamOutput {
  return createOutput(settings.definition, settings.options, {
    name: settings.name,
    log,
    clock: systemClock,
    stateDir: join(config.journal.path, 'outputs', settings.name),
    configDir: config.dir,
    mapper: settings.mapperDefinition.create(settings.mapper.options, { log }),
    mapperRef: settings.mapper,
    decode: config.enrich,
  });
}
