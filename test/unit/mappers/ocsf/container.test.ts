import { describe, expect, it } from 'vitest';
import type { FieldValue } from '../../../../core/sdk/index.ts';
import { Fields } from '../../../../mappers/falco-fields/fields.ts';
import { containerOf } from '../../../../mappers/ocsf/objects/container.ts';
import { MAX_TEXT } from '../../../../mappers/ocsf/schema/objects/types.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const UID = '11111111-2222-4333-8444-555555555555';

/** The container without what is absent, and the names of the fields that stay. */
function of(values: Record<string, FieldValue>) {
  const fields = new Fields(Object.assign(Object.create(null), values));
  const container = containerOf(fields, '1.3.0');
  return {
    container: container && (JSON.parse(JSON.stringify(container)) as object),
    left: Object.keys(fields.rest(true)),
  };
}

describe('containerOf', () => {
  it.each<[Record<string, FieldValue>]>([
    [{}],
    [{ 'container.id': 'host' }],
    [{ 'container.id': 'host', 'container.name': 'x', 'container.full_id': 'y' }],
    [{ 'container.name': 'host' }],
    [{ 'container.id': '<NA>', 'container.name': null }],
    [{ 'container.image': 'nginx' }],
  ])('is none on the host: %j', (values) => {
    expect(of(values)).toEqual({ container: undefined, left: Object.keys(values) });
  });

  it('has the full id where there is one, and takes the short one that it begins with', () => {
    expect(of({ 'container.id': 'abc' })).toEqual({ container: { uid: 'abc' }, left: [] });
    expect(of({ 'container.id': 'abc', 'container.full_id': 'abcdef' })).toEqual({
      container: { uid: 'abcdef' },
      left: [],
    });
    expect(of({ 'container.id': 'xyz', 'container.full_id': 'abcdef' })).toEqual({
      container: { uid: 'abcdef' },
      left: ['container.id'],
    });
  });

  it('can have a name alone', () => {
    expect(of({ 'container.name': 'web' })).toEqual({ container: { name: 'web' }, left: [] });
    // With an id, `host` is a name as any other.
    expect(of({ 'container.id': 'abc', 'container.name': 'host' }).container).toEqual({
      uid: 'abc',
      name: 'host',
    });
  });

  it('has its runtime, the pod around it and the hash of its image', () => {
    const pod = {
      'container.id': 'abc',
      'container.type': 'containerd',
      'k8s.pod.name': 'web',
      'k8s.pod.uid': UID,
    };
    expect(of({ ...pod, 'container.image.digest': DIGEST }).container).toEqual({
      uid: 'abc',
      image: { uid: DIGEST },
      hash: { algorithm: 'SHA-256', algorithm_id: 3, value: 'ab'.repeat(32) },
      runtime: 'containerd',
      orchestrator: 'Kubernetes',
      pod_uuid: UID,
    });
    const other = (more: Record<string, FieldValue>) => of({ 'container.id': 'abc', ...more }).container;
    expect(other({ 'k8s.pod.id': UID })).toEqual({ uid: 'abc', orchestrator: 'Kubernetes', pod_uuid: UID });
    expect(other({ 'k8s.pod.uid': 'x' })).toEqual({ uid: 'abc', orchestrator: 'Kubernetes' });
    for (const digest of ['sha512:ab', `${DIGEST}0`, `x${DIGEST}`])
      expect(other({ 'container.image.digest': digest })).toEqual({ uid: 'abc', image: { uid: digest } });
  });

  it.each<[Record<string, FieldValue>, object | undefined, string[]]>([
    [{}, undefined, []],
    [{ image: 'nginx:1' }, { uid: 'nginx:1', name: 'nginx:1' }, []],
    [{ 'image.repository': 'nginx' }, { uid: 'nginx', name: 'nginx' }, []],
    [{ 'image.repository': 'nginx', 'image.tag': '1' }, { uid: 'nginx:1', name: 'nginx', tag: '1' }, []],
    [
      { image: 'nginx:1', 'image.repository': 'nginx', 'image.tag': '1' },
      { uid: 'nginx:1', name: 'nginx', tag: '1' },
      [],
    ],
    [{ image: 'nginx', 'image.repository': 'nginx', 'image.id': 'i' }, { uid: 'i', name: 'nginx' }, []],
    [{ image: 'other', 'image.repository': 'nginx' }, { uid: 'nginx', name: 'nginx' }, ['image']],
    [{ 'image.tag': '1' }, undefined, ['image.tag']],
    [{ 'image.id': 'i', 'image.digest': 'd' }, { uid: 'd' }, ['image.id']],
    [{ image: 'x'.repeat(MAX_TEXT) }, { uid: 'x'.repeat(MAX_TEXT), name: 'x'.repeat(MAX_TEXT) }, []],
    [{ image: 'x'.repeat(MAX_TEXT + 1) }, undefined, ['image']],
  ])('names the image by digest, id or reference: case %#', (values, image, rest) => {
    const named = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [`container.${name}`, value]),
    );
    const { container, left } = of({ 'container.id': 'abc', ...named });
    expect(container).toEqual({ uid: 'abc', ...(image && { image }) });
    expect(left).toEqual(rest.map((name) => `container.${name}`));
  });
});
