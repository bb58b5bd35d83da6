import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Authorities `ca` and `other`, and `server` and `client` of the first, as `.pem` and `.key` in a folder; made by openssl, which every
 * system that runs these tests has.
 *
 * @param names what the certificates are for, beside this machine: `DNS:*.amazonaws.com`
 */
export function makeCertificates(folder: string, names: readonly string[] = []): void {
  const openssl = (line: string) =>
    execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' });
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  for (const name of ['ca', 'other']) {
    openssl(`req -x509 ${key} -keyout ${name}.key -out ${name}.pem -days 2 -subj /CN=${name}`);
  }
  const all = ['DNS:localhost', 'IP:127.0.0.1', ...names].join(',');
  writeFileSync(join(folder, 'extensions'), `subjectAltName=${all}`);
  for (const name of ['server', 'client']) {
    openssl(`req ${key} -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
    openssl(
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem -days 2 -extfile extensions`,
    );
  }
}
