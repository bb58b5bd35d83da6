import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../support/child.ts';
import { describeWith } from './describe.ts';
import { CACHE, findProgram } from './servers/server.ts';

const AWS = fileURLToPath(new URL('../../deploy/aws/', import.meta.url));

/**
 * A configuration of terraform by which it finds the AWS provider without the registry: that of TERRAFORM_MIRROR, a folder laid out as
 * a filesystem mirror, or the user's own, where it names a mirror.
 */
function mirrorConfig(folder: string): string | undefined {
  const mirror = process.env.TERRAFORM_MIRROR;
  if (mirror !== undefined) {
    const file = join(folder, 'mirror.tfrc');
    writeFileSync(file, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
    return file;
  }
  const own = [process.env.TF_CLI_CONFIG_FILE ?? '', join(homedir(), '.terraformrc')];
  return own.find((file) => existsSync(file) && readFileSync(file, 'utf8').includes('filesystem_mirror'));
}

describe('deploy/aws/terraform', () => {
  it('is valid to terraform and the AWS provider, where both are at hand', async ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tiercel-terraform-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const config = mirrorConfig(folder);
    if (findProgram('terraform') === undefined || config === undefined) {
      const reason = 'terraform, or a mirror of its providers (TERRAFORM_MIRROR), is not at hand';
      console.warn(`skipped: terraform validate: ${reason}`);
      return skip(reason);
    }
    const code = join(folder, 'code');
    cpSync(join(AWS, 'terraform'), code, { recursive: true });
    const terraform = (...args: string[]) =>
      run('terraform', [`-chdir=${code}`, ...args], { env: { TF_CLI_CONFIG_FILE: config, TF_INPUT: '0' } });
    await terraform('init', '-backend=false', '-no-color');
    expect(JSON.parse(await terraform('validate', '-json'))).toMatchObject({ valid: true, diagnostics: [] });
  });
});

describeWith({ programs: ['../venv/bin/cfn-lint'] }, 'deploy/aws/cloudformation.yaml', () => {
  it('is right to cfn-lint', async () => {
    const lint = join(CACHE, 'venv', 'bin', 'cfn-lint');
    await expect(run(lint, [join(AWS, 'cloudformation.yaml')])).resolves.toBe('');
  });
});
