import { describe, expect, it } from 'vitest';
import { alert, mapped } from './support.ts';

describe('an event of the Kubernetes audit log', () => {
  const fields = {
    'ka.verb': 'create',
    'ka.auditid': 'a1',
    'ka.user.name': 'ann',
    'ka.user.groups': ['dev', 'ops'],
    'ka.sourceips': ['10.0.0.9', '10.0.0.1'],
    'ka.auth.decision': 'allow',
    'ka.auth.reason': 'RBAC',
    'ka.target.name': 'web',
    'ka.target.namespace': 'shop',
    'ka.target.resource': 'pods',
    'ka.target.subresource': 'exec',
    'ka.response.code': '200',
    'ka.response.reason': 'because',
    'ka.uri': '/api/v1/pods?x=1',
    'ka.useragent': 'kubectl',
    'ka.cluster.name': 'blue',
    'ka.req.pod.containers.image': ['nginx:1', 'envoy:2'],
  };

  it('has the client of the call as its endpoint, and keeps a connection that is in the event too', () => {
    const record = mapped(
      alert({ ...fields, 'fd.name': '192.0.2.1:40312->198.51.100.1:443', 'fd.rip': '198.51.100.1' }),
    );
    expect(record.evidences[0].src_endpoint.ip).toBe('10.0.0.9');
    expect(record.evidences[0].dst_endpoint).toBeUndefined();
    expect(record.unmapped).toMatchObject({
      'fd.name': '192.0.2.1:40312->198.51.100.1:443',
      'fd.rip': '198.51.100.1',
    });
  });

  it('tells who called what, from where, on what', () => {
    const record = mapped(alert(fields, { source: 'k8s_audit' }), {
      version: '1.3.0',
      cluster_name: 'green',
    });
    expect(record.evidences).toEqual([
      {
        api: {
          operation: 'create',
          service: { name: 'kube-apiserver' },
          request: { uid: 'a1' },
          response: { code: 200, message: 'because' },
        },
        actor: {
          user: { name: 'ann', groups: [{ name: 'dev' }, { name: 'ops' }] },
          authorizations: [{ decision: 'allow' }],
        },
        src_endpoint: { ip: '10.0.0.9', intermediate_ips: ['10.0.0.1'] },
        url: { path: '/api/v1/pods', query_string: 'x=1' },
      },
    ]);
    expect(record.resources).toEqual([
      { type: 'KubernetesPod', name: 'web', namespace: 'shop' },
      { type: 'KubernetesCluster', name: 'blue' },
    ]);
    expect(record.unmapped).toEqual({
      'ka.auth.reason': 'RBAC',
      'ka.useragent': 'kubectl',
      'ka.target.subresource': 'exec',
      'ka.req.pod.containers.image': '["nginx:1","envoy:2"]',
      priority: 'Notice',
    });
    // The host of Falco is not that of the request.
    expect(record.device).toBeUndefined();
    expect(record.metadata.profiles).toEqual(['datetime']);
    const device = { hostname: 'node-1', type: 'Unknown', type_id: 0 };
    expect(record.metadata.loggers).toEqual([{ name: 'Falco', device }]);
  });

  it('has no url at 1.1', () => {
    const record = mapped(alert(fields));
    expect(record.evidences[0].url).toBeUndefined();
    expect(record.unmapped['ka.uri']).toBe('/api/v1/pods?x=1');
  });

  it('tells the containers that a pod is asked to have, where they have names', () => {
    const record = mapped(alert({ ...fields, 'ka.req.pod.containers.name': ['web', 'proxy'] }));
    expect(record.evidences[0].api.request).toEqual({
      uid: 'a1',
      containers: [
        { name: 'web', image: { uid: 'nginx:1', name: 'nginx:1' } },
        { name: 'proxy', image: { uid: 'envoy:2', name: 'envoy:2' } },
      ],
    });
    expect(record.unmapped['ka.req.pod.containers.image']).toBeUndefined();
  });

  it('reads the lists that Falco wrote before 0.32', () => {
    const old = { ...fields, 'ka.user.groups': '(dev,ops)', 'ka.sourceips': '(10.0.0.9)' };
    expect(mapped(alert(old)).evidences[0]).toMatchObject({
      actor: { user: { groups: [{ name: 'dev' }, { name: 'ops' }] } },
      src_endpoint: { ip: '10.0.0.9' },
    });
  });

  it('leaves what has no place in class 2001 in unmapped, and fills api where there is a cloud', () => {
    const bare = mapped(alert(fields), { class: 'security_finding' });
    expect(bare.api).toBeUndefined();
    expect(bare.unmapped).toMatchObject({ 'ka.verb': 'create', 'ka.user.name': 'ann' });
    const cloud = mapped(alert(fields), { class: 'security_finding', cloud: { provider: 'AWS' } });
    expect(cloud.api).toMatchObject({ operation: 'create', request: { uid: 'a1' } });
    expect(cloud.metadata.profiles).toEqual(['datetime', 'cloud']);
  });
});

describe('an event of CloudTrail', () => {
  const fields = {
    'ct.name': 'PutObject',
    'ct.src': 's3.amazonaws.com',
    'ct.apiversion': '2006-03-01',
    'ct.requestid': 'r-1',
    'ct.error': 'AccessDenied',
    'ct.errormessage': 'no',
    'ct.id': 'e-1',
    'ct.user': 'ann',
    'ct.user.accountid': '111122223333',
    'ct.user.arn': 'arn:aws:iam::111122223333:user/ann',
    'ct.user.principalid': 'AIDA',
    'ct.user.identitytype': 'IAMUser',
    'ct.srcip': '192.0.2.1',
    'ct.region': 'cn-north-1',
    'ct.recipientaccountid': '123456789012',
    'ct.useragent': 'aws-cli',
    's3.bucket': 'b',
    's3.key': 'k/1',
    's3.uri': 's3://b/k/1',
  };

  it('tells who called what, in which account and region, and the event to join', () => {
    const record = mapped(alert(fields, { source: 'aws_cloudtrail' }), { cluster_name: 'blue' });
    expect(record.evidences).toEqual([
      {
        api: {
          operation: 'PutObject',
          version: '2006-03-01',
          service: { name: 's3.amazonaws.com' },
          request: { uid: 'r-1' },
          response: { error: 'AccessDenied', error_message: 'no' },
        },
        actor: {
          user: {
            name: 'ann',
            uid: 'arn:aws:iam::111122223333:user/ann',
            uid_alt: 'AIDA',
            type: 'IAMUser',
            type_id: 99,
            account: { uid: '111122223333', type: 'AWS Account', type_id: 10 },
          },
        },
        src_endpoint: { ip: '192.0.2.1' },
      },
    ]);
    expect(record.cloud).toEqual({
      provider: 'AWS',
      region: 'cn-north-1',
      account: { uid: '123456789012', type: 'AWS Account', type_id: 10 },
    });
    expect(record.finding_info.related_events).toEqual([{ uid: 'e-1', product_uid: 'CloudTrail' }]);
    // It did not happen in the cluster that Falco runs in.
    expect(record.resources).toEqual([
      { type: 'AwsS3Bucket', name: 'b', uid: 'arn:aws-cn:s3:::b' },
      { type: 'AwsS3Object', name: 'k/1', uid: 'arn:aws-cn:s3:::b/k/1' },
    ]);
    expect(record.unmapped).toEqual({ 'ct.useragent': 'aws-cli', priority: 'Notice' });
    expect(record.metadata.profiles).toEqual(['datetime', 'cloud']);
  });

  it.each([
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['us-east-1', 'aws'],
    [undefined, 'aws'],
  ])('names a bucket in the partition of the region %s', (region, partition) => {
    const { resources } = mapped(alert({ 's3.bucket': 'b', 'ct.region': region, 'ct.name': 'x' }));
    expect(resources).toContainEqual({ type: 'AwsS3Bucket', name: 'b', uid: `arn:${partition}:s3:::b` });
  });

  it('takes buckets of up to 255 characters and keys of up to 4096', () => {
    const resourcesOf = (bucket: number, key: number) => {
      const { resources, unmapped } = mapped(
        alert({ ...fields, 's3.bucket': 'b'.repeat(bucket), 's3.key': 'k'.repeat(key), 's3.uri': undefined }),
      );
      const names = (resources ?? []).map(({ type, name }: { type: string; name: string }) => [
        type,
        name.length,
      ]);
      return [names, Object.keys(unmapped).filter((name) => name.startsWith('s3.'))];
    };
    const [bucket, object] = ['AwsS3Bucket', 'AwsS3Object'];
    expect(resourcesOf(255, 4096)).toEqual([
      [
        [bucket, 255],
        [object, 4096],
      ],
      [],
    ]);
    expect(resourcesOf(255, 4097)).toEqual([[[bucket, 255]], ['s3.key']]);
    expect(resourcesOf(256, 1)).toEqual([[], ['s3.bucket', 's3.key']]);
  });

  it.each([
    ['s3://b/k/1', []],
    ['s3://b/k/2', ['s3.uri']],
  ])('leaves out a URI that repeats bucket and key: %s', (uri, rest) => {
    const { unmapped } = mapped(alert({ ...fields, 's3.uri': uri }));
    expect(Object.keys(unmapped).filter((name) => name.startsWith('s3.'))).toEqual(rest);
  });

  it.each([
    ['cloudformation.amazonaws.com', { domain: 'cloudformation.amazonaws.com' }],
    ['AWS Internal', {}],
  ])('tells the service that called: %s', (name, more) => {
    const record = mapped(alert({ ...fields, 'ct.srcip': name }));
    expect(record.evidences[0].src_endpoint).toEqual({ svc_name: name, ...more });
  });

  it('has its API call in class 2001 too', () => {
    const record = mapped(alert(fields), { class: 'security_finding' });
    expect(record.api.operation).toBe('PutObject');
    expect(record.finding.related_events).toEqual([{ uid: 'e-1', product_uid: 'CloudTrail' }]);
    expect(record.unmapped['ct.user']).toBe('ann');
  });
});

describe('an event of Okta', () => {
  it('tells the actor, the client and the targets', () => {
    const record = mapped(
      alert(
        {
          'okta.evt.type': 'user.session.start',
          'okta.actor.id': '00u1',
          'okta.actor.name': 'Ann',
          'okta.actor.Type': 'User',
          'okta.actor.alternateid': 'ann@example.com',
          'okta.client.ip': '192.0.2.1',
          'okta.target.app.alternateid': 'console',
          'okta.result': 'FAILURE',
          'okta.reason': 'INVALID_CREDENTIALS',
          'okta.transaction.id': 'tx-1',
          'okta.useragent.os': 'Linux',
        },
        { source: 'okta' },
      ),
    );
    expect(record.evidences).toEqual([
      {
        actor: {
          user: { name: 'Ann', uid: '00u1', email_addr: 'ann@example.com', type: 'User', type_id: 99 },
        },
        api: { operation: 'user.session.start', service: { name: 'okta' }, request: { uid: 'tx-1' } },
        src_endpoint: { ip: '192.0.2.1' },
      },
    ]);
    expect(record.resources).toEqual([{ type: 'OktaApp', name: 'console' }]);
    expect(record).toMatchObject({ status_code: 'FAILURE', status_detail: 'INVALID_CREDENTIALS' });
    expect(record.unmapped).toEqual({ 'okta.useragent.os': 'Linux', priority: 'Notice' });
  });
});

describe('an event of GitHub', () => {
  it('tells who did what to which repository', () => {
    const record = mapped(
      alert(
        {
          'github.action': 'created',
          'github.user': 'ann',
          'github.repo': 'https://github.com/shop/web',
          'github.repo.url': 'https://github.com/shop/web',
          'github.repo.name': 'shop/web',
          'github.org': 'shop',
          'github.webhook.id': '42',
          'github.diff.committed_secrets.files': 'a,b',
        },
        { source: 'github' },
      ),
    );
    expect(record.evidences).toEqual([
      { actor: { user: { name: 'ann' } }, api: { operation: 'created', service: { name: 'github' } } },
    ]);
    expect(record.resources).toEqual([
      { type: 'GitHubRepository', name: 'shop/web', uid: 'https://github.com/shop/web' },
      { type: 'GitHubOrganization', name: 'shop' },
      { type: 'GitHubWebhook', uid: '42' },
    ]);
    expect(record.unmapped).toEqual({ 'github.diff.committed_secrets.files': 'a,b', priority: 'Notice' });
  });
});

describe('an event of Google Cloud', () => {
  it('tells who called what, in which project', () => {
    const record = mapped(
      alert(
        {
          'gcp.user': 'ann@example.com',
          'gcp.callerIP': '192.0.2.1',
          'gcp.methodName': 'storage.setIamPermissions',
          'gcp.serviceName': 'storage.googleapis.com',
          'gcp.projectId': 'p-1',
          'json.value[/resource/labels/project_id]': 'p-1',
          'gcp.location': 'europe-west1',
          'gcp.resourceName': 'projects/_/buckets/b',
          'gcp.resourceType': 'gcs_bucket',
          'gcp.storage.bucket': 'b',
          'gcp.iam.serviceAccountId': '77',
          'gcp.compute.instanceId': '88',
          'gcp.policyDelta': '[{"action":"ADD"}]',
        },
        { source: 'gcp_auditlog' },
      ),
      // What it says of Falco's own cloud is not of this one.
      { cloud: { provider: 'AWS', account_id: '123456789012', region: 'eu-west-1' } },
    );
    expect(record.evidences).toEqual([
      {
        actor: { user: { name: 'ann@example.com', email_addr: 'ann@example.com' } },
        api: { operation: 'storage.setIamPermissions', service: { name: 'storage.googleapis.com' } },
        src_endpoint: { ip: '192.0.2.1' },
      },
    ]);
    expect(record.cloud).toEqual({ provider: 'GCP', region: 'europe-west1', project_uid: 'p-1' });
    expect(record.resources).toEqual([
      { type: 'gcs_bucket', name: 'projects/_/buckets/b' },
      { type: 'GcpComputeInstance', uid: '88' },
      { type: 'GcpStorageBucket', name: 'b' },
      { type: 'GcpServiceAccount', uid: '77' },
    ]);
    expect(record.unmapped).toEqual({ 'gcp.policyDelta': '[{"action":"ADD"}]', priority: 'Notice' });
  });
});
