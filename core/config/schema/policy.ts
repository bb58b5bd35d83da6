import type { DeliveryPolicy } from '../../delivery/policy.ts';
import type { OutputSettings } from './output.ts';

/** The delivery policy out of the decoded settings of an output. */
export function policyOf(settings: OutputSettings, ordering: DeliveryPolicy['ordering']): DeliveryPolicy {
  const { retry, breaker, max_lag: lag } = settings;
  return {
    concurrency: settings.concurrency,
    ordering,
    timeout: settings.timeout,
    retry: { initial: retry.initial, max: retry.max, maxAge: retry.max_age },
    breaker,
    ...(settings.rate_limit !== undefined && { rateLimit: { events: settings.rate_limit, per: 1000 } }),
    maxLag: {
      action: lag.action,
      ...(lag.age !== undefined && { age: lag.age }),
      ...(lag.events !== undefined && { events: lag.events }),
    },
    flushOnStop: settings.flush_on_stop,
    maxOpen: settings.max_open_partitions,
    start: settings.start,
  };
}
