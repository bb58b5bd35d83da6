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

/** What is left, and what is said: the path, the message, and the suggestion or the fix. */
function taken(value: object) {
  const sections = ['server', 'outputs', 'kind'];
  const { root, faults } = extractForeignFormats(node(value) as MapNode, sections, [
    'webhook',
    'aws_sqs',
    'slack',
  ]);
  return {
    left: [...root.entries.keys()],
    said: faults.map(({ path, message, suggestion, fix }) => [path.join('.'), message, suggestion ?? fix]),
  };
}

const margin = (path: string) =>
  `"${path}" stands at the left margin; an output stands under "outputs", with its type`;

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
    expect(said).toEqual([
      [
        '',
        'this is a manifest of Kubernetes, not a configuration',
        'The configuration is the text under "data" of a ConfigMap: write it into a file of its own.',
      ],
    ]);
    expect(taken({ apiVersion: 'v1' })).toEqual({ left: ['apiVersion'], said: [] });
    expect(taken({ kind: 'ConfigMap' })).toEqual({ left: ['kind'], said: [] });
  });

  it('takes a whole below one key', () => {
    expect(taken({ tiercel: { outputs: {}, server: {}, more: 1 }, server: {} })).toEqual({
      left: ['server'],
      said: [
        [
          '',
          'unknown option "tiercel"',
          'Leave "tiercel:" out: "outputs", "server" stand at the left margin.',
        ],
      ],
    });
  });

  it('takes outputs at the margin by their type, their name, or the names of two levels', () => {
    expect(
      taken({ hook: { type: 'x' }, Webhook: { url: 'x' }, aws: { sqs: { url: 'x' }, region: 'r', s3: {} } }),
    ).toEqual({
      left: [],
      said: [
        ['', margin('hook'), 'outputs.hook'],
        ['', margin('Webhook'), 'outputs.Webhook'],
        ['aws', margin('aws.sqs'), 'outputs.sqs'],
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
        said: [['', `unknown option "${name.toUpperCase()}" of Falcosidekick`, fix]],
      });
    }
  });

  it.each(FALCOSIDEKICK.outputs.filter((name) => !['slack', 'webhook'].includes(name)))(
    'knows the output %s of Falcosidekick',
    (name) => {
      expect(taken({ [name]: { url: 'x' } })).toEqual({
        left: [],
        said: [
          [
            '',
            `"${name}" is an output of Falcosidekick that is not built in here`,
            expect.stringContaining('"webhook" posts events'),
          ],
        ],
      });
      expect(taken({ [name]: 'x' }).said).toEqual([]);
    },
  );
});
