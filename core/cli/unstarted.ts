import { join } from 'node:path';
import { systemClock } from '../batching/clock.ts';
import type { Config, OutputConfig } from '../config/config.ts';
import type { Output, StreamOutput } from '../plugins/output.ts';
import type { Logger } from '../telemetry/logger.ts';

/** An output as the running program makes it, to be asked something; it is never started. */
export function unstarted(settings: OutputConfig, config: Config, log: Logger): Output | StreamOutput {
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
  });
}
