import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type CollectionTag, parse, type ScalarTag } from 'yaml';
import { run } from '../../support/child.ts';

const AWS = fileURLToPath(new URL('../../../deploy/aws/', import.meta.url));

describe('cloudformation.yaml', () => {
  /** What the short forms of CloudFormation name. */
  const named: string[] = [];
  const note = (text: string) => {
    named.push(text.split('.')[0]!);
    return text;
  };
  const tags: (ScalarTag | CollectionTag)[] = [
    { tag: '!Ref', resolve: note },
    { tag: '!GetAtt', resolve: note },
    {
      tag: '!Sub',
      resolve: (text) => text.replace(/\$\{([^}]+)\}/g, (whole, name: string) => note(name) && whole),
    },
  ];
  const template = parse(readFileSync(join(AWS, 'cloudformation.yaml'), 'utf8'), { customTags: tags }) as {
    Parameters: Record<string, { Type: string }>;
    Resources: Record<string, { Type: string; Properties: object }>;
    Outputs: Record<string, { Value: string }>;
  };

  it('names only what it has', () => {
    const has = new Set([...Object.keys(template.Parameters), ...Object.keys(template.Resources)]);
    const pseudo = /^AWS::(Region|Partition|AccountId|StackName)$/;
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !has.has(name) && !pseudo.test(name))).toEqual([]);
    const unused = Object.keys(template.Parameters).filter((name) => !named.includes(name));
    expect(unused).toEqual([]);
  });

  it('lets the writer assume the provider role, and do nothing else', () => {
    const { Statement } = (
      template.Resources.WriterPolicy!.Properties as { PolicyDocument: { Statement: { Action: unknown }[] } }
    ).PolicyDocument;
    expect(Statement.map(({ Action }) => Action)).toEqual(['sts:AssumeRole']);
  });
});

describe('writer-policy.json', () => {
  it('allows PutObject below a prefix, and nothing else', () => {
    const { Statement } = JSON.parse(readFileSync(join(AWS, 'writer-policy.json'), 'utf8')) as {
      Statement: { Effect: string; Action: string | string[]; Resource: string }[];
    };
    expect(Statement.map(({ Effect, Action }) => [Effect, [Action].flat()])).toEqual([
      ['Allow', ['s3:PutObject']],
    ]);
    expect([Statement[0]!.Resource].flat().every((one) => /:::[^/]+\/ext\/[^/]+\/\*$/.test(one))).toBe(true);
  });
});

describe('terraform', () => {
  const folder = join(AWS, 'terraform');
  const text = readdirSync(folder)
    .filter((name) => name.endsWith('.tf'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const code = text.replace(/^\s*#.*$/gm, '');
  const names = (pattern: RegExp) =>
    new Set([...code.matchAll(pattern)].map((match) => match.slice(1).join('.')));
  const missing = (wanted: ReadonlySet<string>, there: ReadonlySet<string>) =>
    [...wanted].filter((name) => !there.has(name));

  it('declares each variable it uses, and uses each that it declares', () => {
    const declared = names(/^variable "(\w+)"/gm);
    const used = names(/\bvar\.(\w+)/g);
    expect(declared.size).toBeGreaterThan(4);
    expect(missing(used, declared)).toEqual([]);
    expect(missing(declared, used)).toEqual([]);
  });

  it('names only resources and data that it has', () => {
    const resources = names(/^resource "(\w+)" "(\w+)"/gm);
    expect(missing(names(/(?<![.\w"])(aws_\w+)\.(\w+)/g), resources)).toEqual([]);
    expect(missing(names(/\bdata\.(aws_\w+)\.(\w+)/g), names(/^data "(\w+)" "(\w+)"/gm))).toEqual([]);
  });

  it('is in the form that terraform writes, where terraform is at hand', async () => {
    const folders = (process.env.PATH ?? '').split(delimiter);
    if (!folders.some((each) => existsSync(join(each, 'terraform')))) {
      console.log('skipped: terraform is not on the PATH');
      return;
    }
    expect(await run('terraform', ['fmt', '-check', '-list=true', folder])).toBe('');
  });
});
