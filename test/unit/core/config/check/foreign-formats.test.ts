import { describe, expect, it } from 'vitest';
import { extractForeignFormats } from '../../../../../core/config/check/foreign-formats.ts';
import { fileSource, type Span } from '../../../../../core/config/explain/source.ts';
import type { MapNode, Node } from '../../../../../core/config/read/tree.ts';
import { FALCOSIDEKICK } from '../../../../../core/config/schema/falcosidekick.ts';

const span: Span = { source: fileSource('a.yaml', '', '/'), start: 0, end: 0 };

function node(value: unknown): Node {
  if (typeof value !== 'object' || value === null) {
    return {
      kind: 'scalar',
      span,
      value: value as string,
      written: String(value),
      isText: false,
      secret: false,
    };
  }
  if (Array.isArray(value)) return { kind: 'list', span, items: value.map(node) };
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, { key: span, value: node(inner) }] as const,
  );
  return { kind: 'map', span, entries: new Map(entries) };
}

/** The keys that are left, and the errors: path, code, the key that the message names, and the suggestion. */
function taken(value: object) {
  const sections = ['server', 'outputs', 'kind'];
  const { root, faults } = extractForeignFormats(node(value) as MapNode, sections, [
    'webhook',
    'aws_sqs',
    'slack',
  ]);
  return {
    left: [...root.entries.keys()],
    said: faults.map(({ path, code, message, suggestion }) => [
      path.join('.'),
      code,
      /"(.*?)"/.exec(message)?.[1],
      suggestion,
    ]),
  };
}

const UNKNOWN = 'TIERCEL_CFG_UNKNOWN_OPTION';

describe('extractForeignFormats', () => {
  it('leaves sections, and what nothing is known of', () => {
    expect(taken({ server: {}, outputs: {}, unknown: { a: 1 }, other: 'x' })).toEqual({
      left: ['server', 'outputs', 'unknown', 'other'],
      said: [],
    });
    // A section is one whatever is in it.
    expect(taken({ server: { type: 'webhook' } })).toEqual({ left: ['server'], said: [] });
  });

  it('takes a manifest of Kubernetes as a whole, which has both keys', () => {
    const { left, said } = taken({ apiVersion: 'v1', kind: 'ConfigMap', data: {} });
    expect(left).toEqual([]);
    expect(said).toEqual([['', UNKNOWN, undefined, undefined]]);
    expect(taken({ apiVersion: 'v1' })).toEqual({ left: ['apiVersion'], said: [] });
    expect(taken({ kind: 'ConfigMap' })).toEqual({ left: ['kind'], said: [] });
  });

  it('takes a whole below one key', () => {
    expect(taken({ tiercel: { outputs: {}, server: {}, more: 1 }, server: {} })).toEqual({
      left: ['server'],
      said: [['', UNKNOWN, 'tiercel', undefined]],
    });
  });

  it('takes the key of a ConfigMap that holds the configuration', () => {
    expect(taken({ 'config.yaml': 'outputs:\n  a: { type: webhook }', 'b.yaml': 'x' })).toEqual({
      left: ['b.yaml'],
      said: [['', UNKNOWN, 'config.yaml', undefined]],
    });
  });

  it('takes outputs at the margin by their type, their name, or the names of two levels', () => {
    expect(
      taken({ hook: { type: 'x' }, Webhook: { url: 'x' }, aws: { sqs: { url: 'x' }, region: 'r', s3: {} } }),
    ).toEqual({
      left: [],
      said: [
        ['', UNKNOWN, 'hook', 'outputs.hook'],
        ['', UNKNOWN, 'Webhook', 'outputs.Webhook'],
        ['aws', UNKNOWN, 'aws.sqs', 'outputs.sqs'],
      ],
    });
  });

  it('gives the type where it is known', () => {
    const fixOf = (value: object) => {
      const { faults } = extractForeignFormats(node(value) as MapNode, [], ['webhook', 'aws_sqs']);
      return faults[0]!.fix;
    };
    const fix = (name: string, type: string) =>
      `Write  outputs: { ${name}: { type: ${type}, … } }  (from Falcosidekick: docs/from-falcosidekick.md)`;
    expect(fixOf({ hook: { type: 'x' } })).toBe(fix('hook', '…'));
    expect(fixOf({ WebHook: { url: 'x' } })).toBe(fix('WebHook', 'webhook'));
    expect(fixOf({ aws: { sqs: {} } })).toBe(fix('sqs', 'aws_sqs'));
  });

  it.each(Object.entries(FALCOSIDEKICK.gone))('says what to do instead of %s', (name, fix) => {
    expect(fix).not.toBe('');
    for (const value of ['x', { a: 1 }]) {
      expect(taken({ [name.toUpperCase()]: value })).toEqual({
        left: [],
        said: [['', UNKNOWN, name.toUpperCase(), undefined]],
      });
    }
  });

  it.each(FALCOSIDEKICK.outputs.filter((name) => !['slack', 'webhook'].includes(name)))(
    'knows the output %s of Falcosidekick',
    (name) => {
      expect(taken({ [name]: { url: 'x' } })).toEqual({
        left: [],
        said: [['', UNKNOWN, name, undefined]],
      });
      expect(taken({ [name]: 'x' }).said).toEqual([]);
    },
  );
});
