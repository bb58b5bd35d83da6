import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const AWS = new URL('../../../../../dist/core/sdk/aws/index.js', import.meta.url);

/** Makes a client in a process of its own: the SDK warns once a process. */
function warningsOf(env: NodeJS.ProcessEnv): string {
  const script = `
    import { awsClientConfig } from ${JSON.stringify(AWS.href)};
    import { STSClient } from '@aws-sdk/client-sts';
    new STSClient(awsClientConfig({ region: 'eu-west-1' }, { configDir: '.' }));
    process.emitWarning('another one');`;
  const inherited = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: undefined, ...env };
  const args = ['--input-type=module', '-e', script];
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: inherited, cwd: import.meta.dirname })
    .stderr;
}

// Later versions of Node are not warned of.
const isWarned = Number(process.versions.node.split('.')[0]) < 22;

it.skipIf(!isWarned)('the end of support for this Node is not told: the version of the SDK is pinned', () => {
  const warnings = warningsOf({});
  expect(warnings).not.toContain('NodeVersionSupportWarning');
  expect(warnings).toContain('another one');
});

it.skipIf(!isWarned)('is told to a user who asks for it', () => {
  const warnings = warningsOf({ AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'false' });
  expect(warnings).toContain('NodeVersionSupportWarning');
});
