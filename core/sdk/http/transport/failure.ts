const EXPLAINED: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the name service does not answer',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'no answer to the connection attempt',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
};

/**
 * A network error as one line that says what to do; the address is the caller's to name.
 *
 * @example
 * const verdict = await context.fetch(url, { signal }).then(
 *   (response) => fromResponse(response),
 *   (error: unknown) => retry(describeFailure(error)), // 'ECONNREFUSED: nothing listens there'
 * );
 */
export function describeFailure(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const name = typeof code === 'string' ? code : '';
  if (Object.hasOwn(EXPLAINED, name)) return `${name}: ${EXPLAINED[name]}`;
  if (/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|UNKNOWN_ISSUER|UnknownIssuer/i.test(`${name} ${message}`)) {
    return `${name}: the server's certificate is not signed by a trusted authority; give that authority as tls.ca`;
  }
  if (name === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${name}: the server's certificate is for another host name`;
  if (/CERTIFICATE_REQUIRED/i.test(name))
    return `${name}: the server wants a client certificate; set tls.cert and tls.key`;
  const text = String(message ?? error)
    .split('\n')[0]!
    .trim();
  return text === '' ? name : text.includes(name) ? text : `${name}: ${text}`;
}

/**
 * What an output threw, as the reason of a retry. The platform's `fetch` throws only "fetch failed"; the network error is its
 * cause.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return typeof code !== 'string' || message.includes(code)
    ? message
    : `${message}: ${describeFailure(cause)}`;
}
