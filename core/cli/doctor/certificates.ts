import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describeFileError } from '../../config/read/interpolate.ts';
import type { Finding } from '../../sdk/contract/output.ts';
import { describeExpiry } from '../../sdk/http/reach.ts';

/** PEM files, each a path or the PEM text itself. */
export interface PemFiles {
  /** Authorities that are trusted. */
  readonly ca?: string | undefined;
  /** A certificate, with its chain below it. */
  readonly cert?: string | undefined;
  /** The private key of `cert`. */
  readonly key?: string | undefined;
}

/**
 * Looks whether TLS files are there, can be read and parsed, belong together and are valid now.
 *
 * @param names what each option is called: `{ cert: 'server.tls.cert' }`
 * @param options.dir where relative paths start
 * @param options.now epoch milliseconds
 */
export async function* checkCertificates(
  files: PemFiles,
  names: Readonly<Record<keyof PemFiles, string>>,
  { dir, now }: { readonly dir: string; readonly now: number },
): AsyncGenerator<Finding> {
  const what = 'TLS files';
  const pems: Partial<Record<keyof PemFiles, Pem>> = {};
  for (const option of ['ca', 'cert', 'key'] as const) {
    const value = files[option];
    if (value === undefined) continue;
    try {
      pems[option] = await readPem(names[option], value, dir);
    } catch (error) {
      yield { status: 'failed', what, line: (error as Error).message };
    }
  }
  const { ca, cert, key } = pems;
  if (ca !== undefined) yield { ...orFailed(() => describeAuthorities(ca, now)), what };
  if (cert !== undefined) yield { ...orFailed(() => describeCertificate(cert, now)), what };
  if (key !== undefined) yield { ...orFailed(() => describeKey(key, cert)), what };
}

/** The text of a PEM file, and what it is called. */
interface Pem {
  readonly label: string;
  readonly text: string;
}

/** @throws Error naming the option and the file */
async function readPem(name: string, value: string, dir: string): Promise<Pem> {
  if (value.includes('-----BEGIN ')) return { label: name, text: value };
  const path = resolve(dir, value);
  try {
    return { label: `${name} (${path})`, text: await readFile(path, 'utf8') };
  } catch (error) {
    throw new Error(`${name} (${path}) cannot be read: ${describeFileError(error)}`);
  }
}

function orFailed(describe: () => Omit<Finding, 'what'>): Omit<Finding, 'what'> {
  try {
    return describe();
  } catch (error) {
    return { status: 'failed', line: (error as Error).message };
  }
}

function describeAuthorities({ label, text }: Pem, now: number): Omit<Finding, 'what'> {
  const all = certificatesIn(label, text);
  const valid = all.filter(({ until }) => until > now);
  const only = all.length === 1 ? all[0] : undefined;
  if (only !== undefined) return withName(label, only, now);
  if (valid.length === 0)
    return { status: 'failed', line: `${label}: all ${all.length} authorities have expired` };
  const old = all.length - valid.length;
  return {
    status: 'ok',
    line: `${label}: ${all.length} authorities${old > 0 ? `, ${old} of them expired` : ''}`,
  };
}

/** The one of a chain that ends first tells. */
function describeCertificate({ label, text }: Pem, now: number): Omit<Finding, 'what'> {
  const [leaf, ...chain] = certificatesIn(label, text);
  const first = chain.reduce((least, each) => (each.until < least.until ? each : least), leaf!);
  return withName(label, first.until <= now || leaf!.until > now ? first : leaf!, now);
}

interface Certificate {
  readonly name: string;
  readonly fingerprint: string;
  readonly from: number;
  readonly until: number;
}

function withName(
  label: string,
  { name, fingerprint, from, until }: Certificate,
  now: number,
): Omit<Finding, 'what'> {
  if (from > now) {
    const date = new Date(from).toISOString();
    return {
      status: 'failed',
      line: `${label}: "${name}" is valid from ${date} only: check the clock of this machine`,
    };
  }
  const { status, line } = describeExpiry(until, now);
  return { status, line: `${label}: "${name}" ${line}`, about: fingerprint };
}

/** @throws Error naming the file, when it holds no certificate */
function certificatesIn(label: string, pem: string): Certificate[] {
  const blocks = blocksIn(pem);
  if (blocks.length === 0) throw new Error(`${label} holds no certificate in PEM`);
  return blocks.map((block) => {
    try {
      const { subject, fingerprint256: fingerprint, validFrom, validTo } = new X509Certificate(block);
      const name = /^CN=(.*)$/m.exec(subject)?.[1] ?? subject.replaceAll('\n', ', ');
      return { name, fingerprint, from: Date.parse(validFrom), until: Date.parse(validTo) };
    } catch (error) {
      throw new Error(`${label} holds a certificate that cannot be read: ${(error as Error).message}`);
    }
  });
}

/** @throws Error naming the file, when it holds no key or that of another certificate */
function describeKey({ label, text }: Pem, cert: Pem | undefined): Omit<Finding, 'what'> {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    throw new Error(`${label} holds no private key in PEM without a passphrase: ${(error as Error).message}`);
  }
  const [leaf] = cert === undefined ? [] : blocksIn(cert.text);
  if (cert === undefined || leaf === undefined) return { status: 'ok', line: `${label} holds a private key` };
  // The TLS context of Deno takes a key that does not belong to the certificate.
  if (!new X509Certificate(leaf).checkPrivateKey(key))
    return { status: 'failed', line: `${label} is not the key of ${cert.label}` };
  return { status: 'ok', line: `${label} is the key of the certificate` };
}

function blocksIn(pem: string): readonly string[] {
  return pem.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END [^-]*-----/g) ?? [];
}
