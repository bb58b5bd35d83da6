import { describe, expect, it } from 'vitest';
import { checked } from './checked.ts';
import { alert } from './support.ts';

const NONE = { priority: 'Notice' };

/** The evidence, resources and unmapped fields of an event of a source. */
const of = (source: string, fields: object, version: '1.1.0' | '1.3.0' = '1.1.0') => {
  const { evidences, resources, unmapped } = checked(alert(fields, { source }), { version });
  return { evidence: evidences?.[0], resources, unmapped };
};

describe('a source without a mapper of its own', () => {
  it('nginx: the client, the user and the request', () => {
    const fields = {
      'nginx.remote_addr': '192.0.2.44',
      'nginx.remote_user': 'ann',
      'nginx.method': 'GET',
      'nginx.request_uri': '/.env?x=1',
      'nginx.status': 404,
      'nginx.user_agent': 'curl',
      'nginx.headers[X-Forwarded-For]': '198.51.100.1',
    };
    const evidence = {
      actor: { user: { name: 'ann' } },
      api: { operation: 'GET', service: { name: 'nginx' }, response: { code: 404 } },
      src_endpoint: { ip: '192.0.2.44' },
    };
    const rest = { 'nginx.user_agent': 'curl', 'nginx.headers[X-Forwarded-For]': '198.51.100.1', ...NONE };
    expect(of('nginx', fields)).toEqual({
      evidence,
      resources: undefined,
      unmapped: { 'nginx.request_uri': '/.env?x=1', ...rest },
    });
    expect(of('nginx', fields, '1.3.0')).toMatchObject({
      evidence: { ...evidence, url: { path: '/.env', query_string: 'x=1' } },
      unmapped: rest,
    });
    const parts = { 'nginx.path': '/a', 'nginx.query_string': 'b=1' };
    expect(of('nginx', parts, '1.3.0').evidence).toEqual({ url: { path: '/a', query_string: 'b=1' } });
  });

  it('keycloak: the user, the address, the operation and its error', () => {
    const user = {
      'keycloak.user.eventType': 'LOGIN_ERROR',
      'keycloak.user.userID': 'u-1',
      'keycloak.user.clientID': 'web',
      'keycloak.user.ipAddress': '192.0.2.44',
      'keycloak.realmID': 'shop',
      'keycloak.error': 'invalid_user_credentials',
    };
    expect(of('keycloak', user)).toEqual({
      evidence: {
        actor: { user: { uid: 'u-1' } },
        api: {
          operation: 'LOGIN_ERROR',
          service: { name: 'keycloak' },
          response: { error: 'invalid_user_credentials' },
        },
        src_endpoint: { ip: '192.0.2.44' },
      },
      resources: [{ type: 'KeycloakRealm', uid: 'shop' }],
      unmapped: { 'keycloak.user.clientID': 'web', ...NONE },
    });
    const admin = {
      'keycloak.admin.operationType': 'DELETE',
      'keycloak.admin.resourcePath': 'users/u-2',
      'keycloak.admin.authDetails.userID': 'u-1',
      'keycloak.admin.authDetails.ipAddress': '2001:db8::7',
    };
    expect(of('keycloak', admin)).toMatchObject({
      evidence: {
        actor: { user: { uid: 'u-1' } },
        api: { operation: 'DELETE' },
        src_endpoint: { ip: '2001:db8::7' },
      },
      resources: [{ type: 'KeycloakResource', name: 'users/u-2' }],
      unmapped: NONE,
    });
  });

  it('gitlab: the author, the address and what was changed', () => {
    const fields = {
      'gitlab.event_type': 'personal_access_token_created',
      'gitlab.author_id': '7',
      'gitlab.author_name': 'ann',
      'gitlab.author_email': 'ann@example.com',
      'gitlab.ip_address': '192.0.2.44',
      'gitlab.entity_type': 'Project',
      'gitlab.entity_path': 'shop/web',
      'gitlab.entity_id': '12',
      'gitlab.target_type': 'PersonalAccessToken',
      'gitlab.target_id': '99',
    };
    expect(of('gitlab', fields)).toEqual({
      evidence: {
        actor: { user: { name: 'ann', uid: '7', email_addr: 'ann@example.com' } },
        api: { operation: 'personal_access_token_created', service: { name: 'gitlab' } },
        src_endpoint: { ip: '192.0.2.44' },
      },
      resources: [
        { type: 'GitLabProject', name: 'shop/web', uid: '12' },
        { type: 'GitLabPersonalAccessToken', uid: '99' },
      ],
      unmapped: NONE,
    });
  });

  it('docker: the container and what was done to it', () => {
    const fields = {
      'docker.status': 'start',
      'docker.action': 'start',
      'docker.type': 'container',
      'docker.id': 'c0ffee',
      'docker.attributes.name': 'web',
      'docker.attributes.image': 'alpine',
    };
    expect(of('docker', fields)).toEqual({
      evidence: { api: { operation: 'start', service: { name: 'docker' } } },
      resources: [{ type: 'Container', name: 'web', uid: 'c0ffee' }],
      unmapped: { 'docker.attributes.image': 'alpine', ...NONE },
    });
    const network = { 'docker.type': 'network', 'docker.attributes.name': 'bridge' };
    expect(of('docker', { ...network, 'docker.attributes.container': 'c0ffee' })).toMatchObject({
      resources: [{ type: 'network', name: 'bridge' }],
      unmapped: { 'docker.attributes.container': 'c0ffee' },
    });
  });

  it('coding_agent: the agent, its tool and the file', () => {
    const fields = {
      'agent.name': 'an_agent',
      'agent.session_id': 's-1',
      'tool.name': 'Write',
      'tool.use_id': 't-1',
      'tool.file_path': '../../etc/hosts',
      'tool.real_file_path': '/etc/hosts',
    };
    expect(of('coding_agent', fields)).toEqual({
      evidence: {
        actor: { user: { name: 'an_agent' } },
        api: { operation: 'Write', service: { name: 'an_agent' }, request: { uid: 't-1' } },
        file: { name: 'hosts', path: '/etc/hosts', parent_folder: '/etc', type: 'Unknown', type_id: 0 },
      },
      resources: undefined,
      unmapped: { 'agent.session_id': 's-1', 'tool.file_path': '../../etc/hosts', ...NONE },
    });
  });

  it.each<[string, object, object]>([
    ['box', { 'box.actor.ip': '2001:db8::7' }, { src_endpoint: { ip: '2001:db8::7' } }],
    ['k8s_admission', { 'kar.user': 'ann', 'kar.verb': 'CREATE' }, { actor: { user: { name: 'ann' } } }],
    [
      'auditlogs',
      { 'al.principal.email': 'a@b.c', 'al.principal.ip': '192.0.2.1' },
      { actor: { user: { name: 'a@b.c', email_addr: 'a@b.c' } }, src_endpoint: { ip: '192.0.2.1' } },
    ],
    [
      'awselb',
      { 'awselb.client_ip': '192.0.2.1', 'awselb.target_ip': '192.0.2.2' },
      { src_endpoint: { ip: '192.0.2.1' }, dst_endpoint: { ip: '192.0.2.2' } },
    ],
  ])('%s: what the names of the fields tell', (source, fields, evidence) => {
    expect(of(source, fields).evidence).toEqual(evidence);
  });

  it.each<[string, object]>([
    ['any', { 'any.target.user': 'bob', 'any.new_email': 'b@c.d', 'any.old_user_id': '7' }],
    ['any', { 'any.ip': 'not an address', 'any.email': 'no mail', 'any.description': '192.0.2.1' }],
    ['any', { user: 'bob', 'any.headers[user]': 'bob', 'any.userinfo': 'bob' }],
    ['internal', { 'falco.user': 'bob', 'any.user': 'bob' }],
    ['syscall', { 'any.user': 'bob', 'any.ip': '192.0.2.1' }],
  ])('%s: leaves what may be something else: %j', (source, fields) => {
    const { evidence, unmapped } = of(source, fields);
    expect(evidence).toBeUndefined();
    expect(Object.keys(unmapped).sort()).toEqual([...Object.keys(fields), 'priority'].sort());
  });

  it('has no actor in class 2001, where there is no place for one', () => {
    const fields = { 'nginx.remote_addr': '192.0.2.44', 'nginx.method': 'GET' };
    const { unmapped, observables } = checked(alert(fields, { source: 'nginx' }), {
      class: 'security_finding',
    });
    expect(unmapped).toEqual({ ...fields, ...NONE });
    expect(observables).toContainEqual({
      name: 'unmapped',
      type: 'IP Address',
      type_id: 2,
      value: '192.0.2.44',
    });
  });
});
