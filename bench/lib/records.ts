import { decodeScalars } from '../../core/config/schema/decode.ts';
import type { JsonSchema } from '../../core/config/schema/json-schema.ts';
import { noDecodeOptions } from '../../core/event/decode.ts';
import type { TSchema } from '../../core/sdk/index.ts';
import { createDecoder } from '../../core/sdk/index.ts';
import ocsf from '../../mappers/ocsf/index.ts';

/** Falco alerts that differ as those of a cluster do: some rules and pods far more often than others, ids never alike. */
export function falcoAlert(n: number): Buffer {
  const random = randomOf(n);
  const skewed = (count: number) => Math.floor(count * random() ** 3);
  const pod = skewed(400);
  const pid = 1000 + skewed(60_000);
  const rule = RULES[skewed(RULES.length)]!;
  const command = `${PROGRAMS[skewed(PROGRAMS.length)]} --config /etc/app/${skewed(50)}.yaml --job ${skewed(5000)}`;
  const time = new Date(1_795_000_000_000 + n * 3).toISOString().replace('Z', '123456Z');
  const fields = {
    'container.id': hex(pod, 12),
    'container.image.repository': `registry.example.com/team-${pod % 12}/service-${pod % 90}`,
    'container.image.tag': `v1.${pod % 40}.0`,
    'container.name': `service-${pod % 90}`,
    'evt.time': 1_795_000_000_000_000_000 + n,
    'evt.type': ['execve', 'openat', 'connect', 'unlinkat'][skewed(4)],
    'fd.name': `/var/lib/app/${skewed(3000)}.db`,
    'k8s.ns.name': `team-${pod % 12}`,
    'k8s.pod.name': `service-${pod % 90}-${hex(pod, 10)}`,
    'proc.cmdline': command,
    'proc.exepath': `/usr/bin/${command.split(' ')[0]}`,
    'proc.name': command.split(' ')[0],
    'proc.pid': pid,
    'proc.pname': 'containerd-shim',
    'proc.ppid': 1 + skewed(900),
    'user.loginuid': -1,
    'user.name': ['root', 'app', 'nobody'][skewed(3)],
    'user.uid': skewed(3) * 1000,
  };
  const message = `${rule} (command=${command} pid=${pid} pod=${fields['k8s.pod.name']} file=${fields['fd.name']})`;
  return Buffer.from(
    JSON.stringify({
      uuid: uuid(random),
      time,
      rule,
      priority: ['Notice', 'Warning', 'Error', 'Critical'][skewed(4)],
      source: 'syscall',
      hostname: `node-${pod % 30}.internal`,
      tags: ['container', 'process', 'mitre_execution', `T10${59 + skewed(30)}`],
      output: `${time}: ${message}`,
      output_fields: fields,
    }),
  );
}

/** OCSF Detection Findings of such alerts: the records and their schema. */
export function findings(): {
  readonly schema: TSchema;
  readonly make: (n: number) => Record<string, unknown>;
} {
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const options = decodeScalars(ocsf.options as JsonSchema, {}) as Parameters<typeof ocsf.create>[0];
  const mapper = ocsf.create(options, { log: silent });
  const decode = createDecoder(noDecodeOptions);
  return {
    schema: mapper.record!,
    make(n) {
      const mapped = mapper.map(decode(falcoAlert(n), 1_795_000_000_000 + n * 3));
      if (!mapped.ok) throw new Error(`alert ${n} has no record: ${mapped.reason}`);
      return mapped.record as unknown as Record<string, unknown>;
    },
  };
}

const RULES = [
  'Terminal shell in container',
  'Read sensitive file untrusted',
  'Contact K8S API Server From Container',
  'Drop and execute new binary in container',
  'Packet socket created in container',
  'Redirect STDOUT/STDIN to Network Connection in Container',
  'Clear Log Activities',
  'Run shell untrusted',
];
const PROGRAMS = ['bash', 'sh', 'curl', 'python3', 'node', 'nginx', 'java', 'cat', 'kubectl', 'redis-server'];

/** A small generator (mulberry32): the same n gives the same alert on every machine. */
function randomOf(n: number): () => number {
  let state = Math.imul(n + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function hex(n: number, length: number): string {
  return (Math.imul(n + 7, 0x85ebca6b) >>> 0).toString(16).padStart(8, '0').repeat(2).slice(0, length);
}

function uuid(random: () => number): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(16 * random()).toString(16)).join('');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20)}`;
}
