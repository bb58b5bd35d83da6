/**
 * Keys of Falcosidekick's configuration that have no option here. Options that replace one of its keys name it in their schema
 * (`formerly`).
 */
export const FALCOSIDEKICK: {
  /** Its top-level keys without an option here, and what to do instead. */
  readonly gone: Readonly<Record<string, string>>;
  /** The names of its outputs. */
  readonly outputs: readonly string[];
} = {
  gone: {
    bracketreplacer: 'Leave it out: names of fields arrive as Falco wrote them.',
    outputfieldformat:
      'Leave it out: the text arrives as Falco wrote it; outputs that make texts have a template of their own.',
    mutualtlsfilespath: 'Name the files where they are used: "tls: { cert, key, ca }" of each output.',
    mutualtlsclient: 'Name the files where they are used: "tls: { cert, key }" of each output.',
    tlsclient: 'Name the authorities where they are used: "tls: { ca }" of each output.',
    prometheus:
      'Leave it out: what may label a metric is fixed, so that nobody who sends events can blow it up.',
    statsd: 'Scrape GET /metrics instead (docs/metrics.md).',
    dogstatsd: 'Scrape GET /metrics instead (docs/metrics.md).',
    otlp: 'Scrape GET /metrics instead (docs/metrics.md); traces and logs are not sent.',
  },
  outputs: (
    'slack cliq rocketchat mattermost teams webex datadog datadoglogs discord alertmanager elasticsearch quickwit ' +
    'influxdb loki sumologic nats stan aws smtp opsgenie webhook splunk nodered cloudevents azure gcp googlechat kafka ' +
    'kafkarest pagerduty kubeless openfaas tekton rabbitmq wavefront grafana grafanaoncall webui fission policyreport ' +
    'yandex syslog mqtt zincsearch gotify spyderbat timescaledb redis telegram n8n openobserve dynatrace talon logstash'
  ).split(' '),
};
