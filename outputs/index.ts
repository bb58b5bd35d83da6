// Written by scripts/generate-builtins.js; do not edit.

/** The URL of a module's compiled form, also where this runs from TypeScript: worker threads take JavaScript only. */
const compiled = (path: string) =>
  new URL(import.meta.url.endsWith('.ts') ? `../dist/outputs/${path}` : path, import.meta.url).href;

/** The built-in outputs by type, each loaded when it is wanted. */
export const outputs = {
  alertmanager: {
    module: compiled('./alertmanager/index.js'),
    load: async () => (await import('./alertmanager/index.ts')).default,
  },
  aws_security_lake: {
    module: compiled('./aws-security-lake/index.js'),
    load: async () => (await import('./aws-security-lake/index.ts')).default,
  },
  aws_sqs: {
    module: compiled('./aws-sqs.js'),
    load: async () => (await import('./aws-sqs.ts')).default,
  },
  elasticsearch: {
    module: compiled('./elasticsearch/index.js'),
    load: async () => (await import('./elasticsearch/index.ts')).default,
  },
  file: {
    module: compiled('./file.js'),
    load: async () => (await import('./file.ts')).default,
  },
  gcp_pubsub: {
    module: compiled('./gcp-pubsub.js'),
    load: async () => (await import('./gcp-pubsub.ts')).default,
  },
  kafka: {
    module: compiled('./kafka/index.js'),
    load: async () => (await import('./kafka/index.ts')).default,
  },
  loki: {
    module: compiled('./loki/index.js'),
    load: async () => (await import('./loki/index.ts')).default,
  },
  nats: {
    module: compiled('./nats.js'),
    load: async () => (await import('./nats.ts')).default,
  },
  parquet_lake: {
    module: compiled('./parquet-lake/index.js'),
    load: async () => (await import('./parquet-lake/index.ts')).default,
  },
  slack: {
    module: compiled('./slack/index.js'),
    load: async () => (await import('./slack/index.ts')).default,
  },
  stdout: {
    module: compiled('./stdout.js'),
    load: async () => (await import('./stdout.ts')).default,
  },
  syslog: {
    module: compiled('./syslog/index.js'),
    load: async () => (await import('./syslog/index.ts')).default,
  },
  teams: {
    module: compiled('./teams/index.js'),
    load: async () => (await import('./teams/index.ts')).default,
  },
  webhook: {
    module: compiled('./webhook.js'),
    load: async () => (await import('./webhook.ts')).default,
  },
};
