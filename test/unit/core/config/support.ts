import type { Registry } from '../../../../core/config/schema/plugins.ts';
import { createRegistry } from '../../../../core/plugins/registry.ts';
import { defineMapper, defineOutput, duration, secret, size, Type } from '../../../../core/sdk/index.ts';

const closed = { additionalProperties: false } as const;

const lake = defineOutput({
  apiVersion: 1,
  type: 'lake',
  summary: 'A lake.',
  options: Type.Object(
    {
      bucket: Type.String({ description: 'The bucket.' }),
      region: Type.String({ description: 'The region.' }),
      prefix: Type.Optional(Type.String({ description: 'The prefix.' })),
      account_id: Type.Optional(Type.String({ description: 'Twelve digits.', pattern: '^\\d{12}$' })),
      row_group: size({ description: 'Size of a row group.', default: '8MiB' }),
      compression: Type.Enum(['zstd', 'snappy', 'none'], { description: 'The codec.', default: 'zstd' }),
    },
    closed,
  ),
  examples: [],
  batch: { every: 300_000, size: 256 * 2 ** 20 },
  mapper: () => ({ type: 'fields', options: {} }),
  ordering: 'partition',
  claims: ({ bucket, prefix, region }) => {
    if (region === 'nowhere') throw new Error(`no bucket ${bucket} in ${region}`);
    return [`s3://${bucket}/${prefix ?? ''}`];
  },
  create: () => ({ deliver: async () => ({ status: 'delivered' }) }),
});

const webhook = defineOutput({
  apiVersion: 1,
  type: 'webhook',
  summary: 'Posts.',
  options: Type.Object(
    {
      url: Type.String({ format: 'uri', description: 'Where to.' }),
      token: Type.Optional(secret({ description: 'The token.' })),
      headers: Type.Record(Type.String(), Type.String(), { description: 'Headers.', default: {} }),
      linger: duration({ description: 'How long to linger.', default: '1m' }),
      gzip: Type.Boolean({ description: 'Compress.', default: false }),
      port: Type.Optional(Type.Integer({ description: 'A port.', minimum: 1, maximum: 65_535 })),
    },
    closed,
  ),
  examples: [],
  batch: { events: 1 },
  ordering: ({ port, url }) => {
    if (port === 1) throw new Error(`no order at ${url}`);
    return port === 2 ? 'partition' : 'none';
  },
  confirms: ({ linger }) => linger > 0,
  create: () => ({ deliver: async () => ({ status: 'delivered' }) }),
});

const falco = defineMapper({
  apiVersion: 1,
  type: 'falco',
  summary: 'As received.',
  options: Type.Object({}, closed),
  create: () => ({ map: (event) => ({ ok: true, record: event.rule }) }),
});

const fields = defineMapper({
  apiVersion: 1,
  type: 'fields',
  summary: 'Some fields.',
  options: Type.Object({ version: Type.Optional(Type.String({ description: 'Of the schema.' })) }, closed),
  create: () => ({ map: (event) => ({ ok: true, record: event.fields }) }),
});

/** Two outputs and two mappers, enough for every rule of the configuration. */
export function testRegistry(): Registry {
  const at = (name: string) => `file:///built-in/${name}.js`;
  return createRegistry({
    outputs: {
      lake: { module: at('lake'), load: async () => lake },
      webhook: { module: at('webhook'), load: async () => webhook },
    },
    mappers: {
      falco: { module: at('falco'), load: async () => falco },
      fields: { module: at('fields'), load: async () => fields },
    },
  });
}

/** A file system of texts below a folder. */
export function memoryFiles(dir: string, files: Readonly<Record<string, string>>) {
  const missing = (path: string) => Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
  return {
    readFile: async (path: string) => {
      const text = files[path.slice(dir.length + 1)];
      if (text === undefined) throw missing(path);
      return text;
    },
    readDir: async (path: string) => {
      const prefix = path === dir ? '' : `${path.slice(dir.length + 1)}/`;
      const inside = Object.keys(files).filter(
        (name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/'),
      );
      if (inside.length === 0) throw missing(path);
      return inside.map((name) => name.slice(prefix.length));
    },
  };
}
