import type { FalcosidekickKey } from '../../sdk/options/falcosidekick.ts';
import { branches, type JsonSchema } from './json-schema.ts';

/** A key of Falcosidekick, and how its value differs from the value of our option. */
export type KeyThere = Exclude<FalcosidekickKey, string>;

/** The keys of Falcosidekick that an option replaces. */
export function keysThere(option: JsonSchema): readonly KeyThere[] {
  return (option.falcosidekick ?? []).map((key) => (typeof key === 'string' ? { key } : key));
}

/** The key of Falcosidekick for this option, in any of its forms, that ends in the name; undefined when there is none. */
export function keyThere(option: JsonSchema, name: string): KeyThere | undefined {
  const keys = [...new Set([option, ...branches(option)])].flatMap(keysThere);
  return keys.find(({ key }) => lastOf(key) === name.toLowerCase());
}

/** How a value changes on its way from Falcosidekick to here. */
export interface ValueChange {
  /** Completes `use "x", …`. */
  readonly what: string;
  /** What becomes of which value, as a sentence. */
  readonly rule: string;
}

/**
 * What must be done to a value of Falcosidekick's key; undefined when it stays as it is.
 *
 * @param here the path of the option
 * @param quote the mark around what is written in a configuration
 * @example
 * valueChange({ key: 'alertmanager.expiresafter', unit: 's' }, { here: 'expires_after', option: {}, quote: '"' })
 * // { what: 'which requires a unit', rule: '"expiresafter: 30" is "expires_after: 30s" here.' }
 */
export function valueChange(
  { key, inverted, unit, written }: KeyThere,
  { here, option, quote }: { readonly here: string; readonly option: JsonSchema; readonly quote: string },
): ValueChange | undefined {
  const there = lastOf(key);
  const becomes = (value: unknown, other: unknown) =>
    `${quote}${there}: ${value}${quote} is ${quote}${here}: ${other}${quote}`;
  if (unit !== undefined) return { what: 'which requires a unit', rule: `${becomes(30, `30${unit}`)} here.` };
  if (written !== undefined)
    return { what: 'which is written differently', rule: `Write ${quote}${written}${quote}.` };
  if (inverted !== true) return undefined;
  const note = (value: boolean) => (option.default === value ? ', which is the default' : '');
  const rule = `${becomes(true, false)} here${note(false)}; ${becomes(false, true)}${note(true)}.`;
  return { what: 'which has the opposite meaning', rule };
}

function lastOf(key: string): string {
  return key.split('.').at(-1)!;
}

/**
 * Keys of Falcosidekick's configuration that have no option here. Options that replace one of its keys name it in their schema
 * (`falcosidekick`).
 */
export const FALCOSIDEKICK: {
  /** Its top-level keys that have no option here, with the fix. */
  readonly gone: Readonly<Record<string, string>>;
  /** The names of its outputs. */
  readonly outputs: readonly string[];
} = {
  gone: {
    bracketreplacer: 'Remove it: field names are delivered unchanged.',
    outputfieldformat:
      'Remove it: the output text is delivered unchanged; outputs that format messages have a template option.',
    mutualtlsfilespath: 'Set "tls: { cert, key, ca }" of each output instead.',
    mutualtlsclient: 'Set "tls: { cert, key }" of each output instead.',
    tlsclient: 'Set "tls: { ca }" of each output instead.',
    prometheus:
      'Remove it: the labels of the metrics are fixed, so that senders cannot create an unlimited number of series.',
    statsd: 'Scrape GET /metrics instead (docs/metrics.md).',
    dogstatsd: 'Scrape GET /metrics instead (docs/metrics.md).',
    otlp: 'Scrape GET /metrics instead (docs/metrics.md); traces and logs are not supported.',
  },
  outputs: (
    'slack cliq rocketchat mattermost teams webex datadog datadoglogs discord alertmanager elasticsearch quickwit ' +
    'influxdb loki sumologic nats stan aws smtp opsgenie webhook splunk nodered cloudevents azure gcp googlechat kafka ' +
    'kafkarest pagerduty kubeless openfaas tekton rabbitmq wavefront grafana grafanaoncall webui fission policyreport ' +
    'yandex syslog mqtt zincsearch gotify spyderbat timescaledb redis telegram n8n openobserve dynatrace talon logstash'
  ).split(' '),
};
