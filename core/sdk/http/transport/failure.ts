/** What a network error means, and what to do about it. */
interface Fault {
  readonly text: string;
  /** For checks, which have the room for it. */
  readonly advice?: string;
}

const EXPLAINED: Readonly<Record<string, Fault>> = {
  ECONNREFUSED: {
    text: 'nothing listens there',
    advice: 'check host and port, and that the service runs',
  },
  ENOTFOUND: {
    text: 'no such host name',
    advice: 'check the spelling, and the DNS server of this machine',
  },
  EAI_AGAIN: {
    text: 'the name service does not answer',
    advice: 'check the DNS server of this machine',
  },
  ECONNRESET: { text: 'the connection was cut' },
  EPIPE: { text: 'the connection was cut' },
  ETIMEDOUT: { text: 'no answer to the connection attempt' },
  EHOSTUNREACH: { text: 'no route to the host', advice: 'check the address and the network' },
  ENETUNREACH: { text: 'no route to the network', advice: 'check the address and the network' },
};

/** Faults of TLS and HTTP, by the code or the message: these depend on the runtime and its version. */
const RECOGNIZED: readonly (readonly [pattern: RegExp, text: string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|UNKNOWN_ISSUER|UnknownIssuer/i,
    "the server's certificate is not signed by a trusted authority; give that authority as tls.ca",
  ],
  [/^ERR_TLS_CERT_ALTNAME_INVALID /, "the server's certificate is for another host name"],
  [/CERTIFICATE[_ ]REQUIRED/i, 'the server wants a client certificate; set tls.cert and tls.key'],
  [
    // The last one is that of Deno.
    /WRONG[_ ]VERSION[_ ]NUMBER|PACKET[_ ]LENGTH[_ ]TOO[_ ]LONG|corrupt message of type Invalid/i,
    'the server does not speak TLS at this port: check the port, or connect without TLS (http://)',
  ],
  [
    /ALERT[_ ]PROTOCOL[_ ]VERSION|UNSUPPORTED[_ ]PROTOCOL/i,
    'the server speaks no version of TLS that this machine accepts (TLS 1.2 or later)',
  ],
  [
    /HANDSHAKE[_ ]FAILURE/i,
    'the server refuses the TLS handshake: it may want a client certificate (tls.cert, tls.key), or share no cipher',
  ],
  [
    /ALERT[_ ](UNKNOWN[_ ]CA|BAD[_ ]CERTIFICATE|CERTIFICATE[_ ](EXPIRED|REVOKED|UNKNOWN))/i,
    'the server refuses the client certificate; check tls.cert and tls.key',
  ],
  [
    /^HPE_INVALID_(CONSTANT|VERSION|METHOD) /,
    'the answer is not HTTP; check the port, and whether it wants https://',
  ],
];

/** The place in OpenSSL that found an error, between the address of a thread and a line of its sources. */
const OPENSSL = /^.*?:SSL routines:[^:]*:([^:]+)(?::.*)?$/;

/** What {@link describeFailure} says in words of its own. */
export const FAILURE_TEXTS: readonly string[] = [
  ...Object.entries(EXPLAINED).flatMap(([code, { text, advice }]) => [
    `${code}: ${text}`,
    ...(advice === undefined ? [] : [advice]),
  ]),
  ...RECOGNIZED.map(([, text]) => text),
];

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
  if (Object.hasOwn(EXPLAINED, name)) return `${name}: ${EXPLAINED[name]!.text}`;
  const found = RECOGNIZED.find(([pattern]) => pattern.test(`${name} ${message}`));
  // EPROTO is every fault of TLS on some runtimes, and tells nothing.
  if (found !== undefined) return name === '' || name === 'EPROTO' ? found[1] : `${name}: ${found[1]}`;
  const line = String(message ?? error)
    .split('\n')[0]!
    .trim();
  const text = line.replace(OPENSSL, 'TLS: $1');
  return text === '' ? name : text.includes(name) ? text : `${name}: ${text}`;
}

/** The same with what to check, and the host name that was looked up: for findings of `tiercel doctor`. */
export function adviseOnFailure(error: unknown): string {
  const { code, hostname } = error as { readonly code?: unknown; readonly hostname?: unknown };
  const name = typeof hostname === 'string' ? `${hostname}: ` : '';
  const fault = Object.hasOwn(EXPLAINED, String(code)) ? EXPLAINED[String(code)] : undefined;
  return `${name}${describeFailure(error)}${fault?.advice === undefined ? '' : `: ${fault.advice}`}`;
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
