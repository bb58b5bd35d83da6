/** Where the run's configuration points. */
export interface Places {
  readonly journal: string;
  readonly objectStore: string;
  readonly hooks: Readonly<Record<string, string>>;
  readonly file: string;
}

/** Short backoffs and timeouts, so that an hour of outages fits in a minute. */
const POLICY = `    retry: { initial: 50ms, max: 500ms }
    breaker: { failures: 3, initial: 100ms, max: 1s }
    start: oldest
`;

/** The YAML of a chaos run: a lake in an object store, webhooks and a file. */
export function chaosConfig({ journal, objectStore, hooks, file }: Places): string {
  const webhooks = Object.entries(hooks).map(
    ([name, url]) => `  ${name}:
    type: webhook
    url: ${url}
    batch: { events: 50, every: 100ms }
    timeout: 2s
${POLICY}`,
  );
  return `journal: { path: ${journal}, segment_size: 1MiB, max_size: 32MiB }
dead_letters: { max_size: 8MiB }
shutdown: { deadline: 5s }
log: { format: json }
outputs:
  lake:
    type: aws_security_lake
    bucket: lake
    source: falco
    region: us-east-1
    account_id: "123456789012"
    endpoint: ${objectStore}
    force_path_style: true
    batch: { events: 400 }
    flush_on_stop: true
    timeout: 10s # it covers the making of the file, on a machine that is busy with chaos
${POLICY}${webhooks.join('')}  log:
    type: file
    path: ${file}
${POLICY}`;
}
