import { Sha256Node } from '@smithy/core/checksum';
import { buildQueryString } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsIdentity } from './identity.ts';

/** A request to sign. */
export interface SignableRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

/** With what a request is signed. */
export interface Signing {
  readonly identity: AwsIdentity;
  readonly region: string;
  /** As signatures have it: `es`, `execute-api`. */
  readonly service: string;
  readonly at: Date;
}

/**
 * Signs a request (AWS Signature Version 4).
 *
 * @returns the headers to add: `authorization`, `x-amz-date` and the like
 */
export async function signRequest(
  { method, url, headers, body }: SignableRequest,
  signing: Signing,
): Promise<Record<string, string>> {
  const given = { ...headers, host: url.host };
  const { headers: signed } = await signerOf(signing).sign(
    { ...placeOf(url), method, headers: given, body },
    { signingDate: signing.at },
  );
  return Object.fromEntries(Object.entries(signed).filter(([name]) => !(name in given)));
}

/**
 * Adds a signature to the query of an address (AWS Signature Version 4), for GET.
 *
 * @param validFor milliseconds
 * @returns the address with the signature
 */
export async function presignUrl(url: URL, signing: Signing, validFor: number): Promise<string> {
  const { query = {} } = await signerOf(signing).presign(
    { ...placeOf(url), method: 'GET', headers: { host: url.host } },
    { signingDate: signing.at, expiresIn: Math.floor(validFor / 1000) },
  );
  return `${url.origin}${url.pathname}?${buildQueryString(query)}`;
}

function signerOf({ identity, region, service }: Signing): SignatureV4 {
  return new SignatureV4({
    credentials: identity,
    region,
    service,
    sha256: Sha256Node,
    // The paths of S3 are signed as they are sent, those of other services encoded once more.
    uriEscapePath: service !== 's3',
  });
}

/** The address as the signer takes it. */
function placeOf(url: URL) {
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) {
    query[name] ??= [];
    query[name].push(value);
  }
  return {
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    path: url.pathname,
    query,
  };
}
