// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${env:…}` is the configuration's own.
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderErrors } from '../../../../core/config/explain/render.ts';
import { type LoadOptions, loadConfig } from '../../../../core/config/load.ts';
import { printConfig } from '../../../../core/config/print.ts';
import { configSchema } from '../../../../core/config/schema/editor-schema.ts';
import { DEFAULT_POLICY } from '../../../../core/delivery/policy.ts';
import { memoryFiles, testRegistry } from './support.ts';

const HOOK = 'outputs: { hook: { type: webhook, url: https://a.example } }\n';

async function load(text: string, options: Partial<LoadOptions> = {}, files: Record<string, string> = {}) {
  const all = memoryFiles('/etc/t', { 'config.yaml': text, ...files });
  const result = await loadConfig({
    file: '/etc/t/config.yaml',
    env: {},
    registry: testRegistry(),
    ...all,
    ...options,
  });
  if (!result.ok) throw new Error(renderErrors(result.errors));
  return { ...result.config, warnings: result.warnings };
}

describe('loadConfig', () => {
  it('gives an output the policy that the documentation names', async () => {
    const [hook] = (await load(HOOK)).outputs;
    expect(hook!.policy).toEqual({
      concurrency: 4,
      ordering: 'none',
      request: {},
      confirms: true,
      timeout: 30_000,
      retry: { initial: 1000, max: 60_000, maxAge: 604_800_000 },
      breaker: { failures: 5, initial: 5000, max: 60_000 },
      maxLag: { action: 'wait' },
      flushOnStop: false,
      maxOpen: 1024,
      start: 'now',
    });
    expect(DEFAULT_POLICY).toEqual(hook!.policy);
  });

  it('decodes durations and sizes and fills in defaults', async () => {
    const config = await load(`
journal: { path: spool, durability: 100ms }
enrich: { custom_fields: { team: soc } }
outputs:
  lake: { type: lake, bucket: b, region: r, batch: { every: 1m }, max_lag: { age: 1d, action: dead_letter } }
  hook: { type: webhook, url: https://a.example, minimum_priority: info, rate_limit: 5, mapper: { type: fields, version: "1" } }
`);
    expect(config.server).toEqual({
      listen: '0.0.0.0:2801',
      max_body: 16_777_216,
      max_wait: 30_000,
    });
    expect(config.journal).toMatchObject({ path: '/etc/t/spool', max_size: 4_294_967_296, durability: 100 });
    expect(config.enrich).toEqual({ customFields: { team: 'soc' }, customTags: [], templatedFields: {} });
    const [lake, hook] = config.outputs;
    expect(lake).toMatchObject({
      name: 'lake',
      options: { bucket: 'b', region: 'r', row_group: 8_388_608, compression: 'zstd' },
      batch: { every: 60_000, size: 268_435_456 },
      mapper: { type: 'fields', module: 'file:///built-in/fields.js', options: {} },
      policy: {
        ordering: 'partition',
        maxLag: { action: 'dead_letter', age: 86_400_000 },
        retry: { maxAge: 604_800_000 },
      },
      place: { source: '/etc/t/config.yaml', line: 5, column: 3 },
    });
    expect(hook).toMatchObject({
      options: { url: 'https://a.example', headers: {}, linger: 60_000, gzip: false },
      mapper: { type: 'fields', options: { version: '1' } },
      policy: { rateLimit: { events: 5, per: 1000 }, ordering: 'none' },
      route: { minimum_priority: 'info' },
    });
    expect(hook!.mapper.options).toEqual({ version: '1' });
  });

  it('asks the type what holds of deliveries with these options', async () => {
    const policyOf = async (options: string) =>
      (await load(`outputs: { hook: { type: webhook, url: https://a.example, ${options} } }`)).outputs[0]!
        .policy;
    expect(await policyOf('port: 2')).toMatchObject({ ordering: 'partition', confirms: true });
    expect(await policyOf('linger: 0s')).toMatchObject({ ordering: 'none', confirms: false });
    await expect(policyOf('port: 1')).rejects.toThrow('no order at https://a.example');
  });

  it('lets the environment override the files and --set override both', async () => {
    const env = {
      TIERCEL_SERVER__LISTEN: '127.0.0.1:1',
      TIERCEL_OUTPUTS__MY_HOOK__PORT: '8080',
      TIERCEL_OUTPUTS__MY_HOOK__GZIP: 'true',
      TIERCEL_OUTPUTS__MY_HOOK__TOKEN: '12345',
      TIERCEL_OUTPUTS__MY_HOOK__MATCH: '{ rules: [a, "b*"] }',
      TIERCEL_LOG__LEVEL: '',
      TIERCEL_CONFIG: '/etc/t/config.yaml',
      TIERCEL_PORT: 'tcp://10.0.0.1:2801',
      TIERCEL_SERVICE_HOST: '10.0.0.1',
      TIERCEL_PORT_2801_TCP_ADDR: '10.0.0.1',
      TIERCEL_REDIS_SERVICE_PORT_HTTP: '80',
      OTHER: '7',
    };
    const sets = [
      'server.listen=127.0.0.1:2',
      'outputs.my-hook.headers={x-a: "1"}',
      'outputs.my-hook.linger=${env:OTHER}s',
    ];
    const { outputs, server } = await load(
      'outputs: { my-hook: { type: webhook, url: https://a.example } }',
      { env, sets },
    );
    const hook = outputs[0]!;
    expect(server.listen).toBe('127.0.0.1:2');
    expect(hook.route).toEqual({ match: { rules: ['a', 'b*'] } });
    expect(hook.options).toMatchObject({
      port: 8080,
      gzip: true,
      token: '12345',
      headers: { 'x-a': '1' },
      linger: 7000,
    });
  });

  it('adds included files up, in the order of their names', async () => {
    const config = await load(
      `include: [conf.d, "more*.yaml", "none-*.yaml"]\n${HOOK}enrich: { custom_tags: [a] }`,
      {},
      {
        'conf.d/2.yaml':
          'outputs: { two: { type: webhook, url: https://b.example } }\nenrich: { custom_tags: [c] }',
        'conf.d/1.yaml':
          'outputs: { one: { type: webhook, url: https://b.example } }\nenrich: { custom_tags: [b] }',
        'conf.d/note.txt': 'not yaml: [',
        'more-lake.yaml': 'outputs: { lake: { type: lake, bucket: b, region: r } }',
      },
    );
    expect(config.outputs.map(({ name }) => name)).toEqual(['hook', 'one', 'two', 'lake']);
    expect(config.enrich.customTags).toEqual(['a', 'b', 'c']);
    expect(config.warnings.map(({ message }) => message)).toEqual(['no file matches none-*.yaml']);
    expect(config.sourceOf(['outputs', 'lake', 'bucket'])).toMatchObject({
      source: '/etc/t/more-lake.yaml',
      line: 1,
    });
  });

  it('warns of a field that is nearly one of Falco, and of no other', async () => {
    const { warnings } = await load(`
enrich: { custom_fields: { proc.nume: x } }
outputs:
  a: { type: webhook, url: https://a.example, when: 'fields["proc.nmae"] == "sh"' }
  b: { type: webhook, url: https://a.example, when: 'fields["proc.nume"] == "x" || fields["proc.aname[2]"] == "y"' }
  c: { type: webhook, url: https://a.example, when: 'fields["my.field"] == "x" && fields["k8s.node.name"] == "y"' }
`);
    expect(
      renderErrors(warnings, { level: 'warning' }),
    ).toBe(`/etc/t/config.yaml:4:62: warning: outputs.a.when: Falco has no field "proc.nmae"; did you mean "proc.name"?
    4 |   a: { type: webhook, url: https://a.example, when: 'fields["proc.nmae"] == "sh"' }
      |                                                              ^^^^^^^^^
      TIERCEL_CFG_WHEN
`);
  });

  it('follows anchors, aliases, merges and x- keys', async () => {
    const config = await load(`
x-hook: &hook { type: webhook, url: https://a.example, timeout: 5s }
outputs:
  a: *hook
  b: { <<: *hook, timeout: 6s }
`);
    expect(config.outputs.map(({ policy }) => policy.timeout)).toEqual([5000, 6000]);
  });

  it('refuses aliases that multiply', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level++) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
    }
    await expect(load(lines.join('\n'))).rejects.toThrow('YAML aliases expand to too many nodes');
  });

  it('prints itself without secrets, and what it prints can be loaded', async () => {
    const text = `outputs:
  hook: { type: webhook, url: "\${env:URL}", token: hunter2, headers: { a: "\${env:URL}", b: plain } }
`;
    const env = { URL: 'https://hunter2.example', TIERCEL_OUTPUTS__HOOK__PORT: '99' };
    const config = await load(text, { env });
    const printed = printConfig(config);
    expect(printed).not.toContain('hunter2');
    expect(parse(printed).outputs.hook).toMatchObject({
      url: '***',
      token: '***',
      headers: { a: '***', b: 'plain' },
      linger: '1m',
      port: 99,
      timeout: '30s',
    });
    await expect(load(printed, { sets: ['outputs.hook.url=https://b.example'] })).resolves.toBeDefined();
  });

  it('reports a missing file as an error, not an exception', async () => {
    const result = await loadConfig({ file: '/nowhere/config.yaml', registry: testRegistry() });
    expect(result).toMatchObject({ ok: false, errors: [{ code: 'TIERCEL_CFG_FILE' }] });
  });
});

describe('configSchema', () => {
  it('takes what the loader takes and refuses what it refuses, by type', async () => {
    const check = new Ajv2020({ strict: false }).compile(await configSchema(testRegistry()));
    const takes = (text: string) => check(parse(text));
    expect(takes(HOOK)).toBe(true);
    expect(
      takes('outputs: { lake: { type: lake, bucket: b, region: "${env:R}", batch: { every: 5m } } }'),
    ).toBe(true);
    expect(
      takes(
        'outputs: { hook: { type: webhook, url: https://a.example, gzip: "${env:G}", minimum_priority: info } }',
      ),
    ).toBe(true);
    expect(takes('outputs: { mine: { type: ./x.js, anything: 1 } }')).toBe(true);
    expect(takes('outputs: { lake: { type: lake, bucket: b } }')).toBe(false);
    expect(takes('outputs: { lake: { type: lake, bucket: b, region: r, mapper: falco } }')).toBe(false);
    expect(takes('outputs: { hook: { type: webhook, url: https://a.example, timeout: 5min } }')).toBe(false);
    expect(takes('sever: {}')).toBe(false);
  });
});
