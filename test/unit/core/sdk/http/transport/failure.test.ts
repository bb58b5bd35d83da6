import { expect, it } from 'vitest';
import { describeFailure } from '../../../../../../core/sdk/http/transport/failure.ts';

const failure = (code: string | undefined, message = '') => ({
  ...(code !== undefined && { code }),
  message,
});
const UNTRUSTED =
  "the server's certificate is not signed by a trusted authority; give that authority as tls.ca";

it.each<[unknown, string]>([
  [failure('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:80'), 'ECONNREFUSED: nothing listens there'],
  [failure('ENOTFOUND'), 'ENOTFOUND: no such host name'],
  [failure('EAI_AGAIN'), 'EAI_AGAIN: the name service does not answer'],
  [failure('ECONNRESET'), 'ECONNRESET: the connection was cut'],
  [failure('EPIPE'), 'EPIPE: the connection was cut'],
  [failure('ETIMEDOUT'), 'ETIMEDOUT: no answer to the connection attempt'],
  [failure('EHOSTUNREACH'), 'EHOSTUNREACH: no route to the host'],
  [failure('ENETUNREACH'), 'ENETUNREACH: no route to the network'],
  ...[
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ].map((code): [unknown, string] => [failure(code), `${code}: ${UNTRUSTED}`]),
  // Bun and Deno.
  [failure('UNKNOWN', 'invalid peer certificate: UnknownIssuer'), `UNKNOWN: ${UNTRUSTED}`],
  [
    failure('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"),
    "ERR_TLS_CERT_ALTNAME_INVALID: the server's certificate is for another host name",
  ],
  [
    failure('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: the server wants a client certificate; set tls.cert and tls.key',
  ],
  [
    failure(
      'EPROTO',
      'write EPROTO 807C8CDC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/openssl/ssl/record/ssl3_record.c:354:\n',
    ),
    'the server does not speak TLS at this port: check the port, or connect without TLS (http://)',
  ],
  [
    failure('ERR_SSL_PACKET_LENGTH_TOO_LONG', 'packet length too long'),
    'ERR_SSL_PACKET_LENGTH_TOO_LONG: the server does not speak TLS at this port: check the port, or connect without TLS (http://)',
  ],
  [
    failure(
      'EPROTO',
      'write EPROTO 807C8CDC:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../deps/x.c:1590:SSL alert number 40',
    ),
    'the server refuses the TLS handshake: it may want a client certificate (tls.cert, tls.key), or share no cipher',
  ],
  [
    failure(
      'EPROTO',
      'write EPROTO 807C:error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:../x.c:303:',
    ),
    'EPROTO: TLS: unexpected eof while reading',
  ],
  [
    failure('HPE_INVALID_CONSTANT', 'Parse Error: Expected HTTP/'),
    'HPE_INVALID_CONSTANT: the answer is not HTTP; check the port, and whether it wants https://',
  ],
  [failure('EOTHER', 'one line\nand another'), 'EOTHER: one line'],
  [failure('EOTHER', '  EOTHER: said already '), 'EOTHER: said already'],
  [failure('EOTHER'), 'EOTHER'],
  [failure(undefined, 'no code'), 'no code'],
  [failure('constructor', 'no code of ours'), 'constructor: no code of ours'],
  [{ code: 7, message: 'a number' }, 'a number'],
  ['a text', 'a text'],
])('%o is described', (error, line) => {
  expect(describeFailure(error)).toBe(line);
});
