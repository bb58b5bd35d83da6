import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { secret } from './scalars.ts';
import { Type } from './type.ts';

/** What {@link tlsOption} gives; a part of it will do for {@link readTls}. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
}

/**
 * The option `tls` of an output, the same for every protocol; hand its value to {@link readTls}. Outputs over HTTP have it from
 * `httpOptions`. Optional, it says by its presence that the connection has TLS; with a default of `{}` it always has.
 *
 * @example
 * import { connect as connectPlain } from 'node:net';
 * import { connect } from 'node:tls';
 *
 * const tls = Type.Optional(tlsOption);
 * const options = Type.Object({ ...serverOptions({ port: 6514 }), tls });
 * const open = ({ host, port, tls }: Static<typeof options>) =>
 *   tls === undefined
 *     ? connectPlain({ host, port })
 *     : connect({ host, port, ...readTls(tls, context.configDir) });
 */
export const tlsOption = Type.Object(
  {
    ca: Type.Optional(
      Type.String({
        format: 'path',
        falcosidekick: ['tlsclient.cacertfile', 'mutualtlsclient.cacertfile'],
        description:
          'Certificate authorities to trust instead of the system’s: a PEM file, or the PEM text itself.',
      }),
    ),
    cert: Type.Optional(
      Type.String({
        format: 'path',
        needs: ['key'],
        falcosidekick: ['mutualtlsclient.certfile'],
        description: 'Client certificate: a PEM file, or the PEM text itself. Needs `key`.',
      }),
    ),
    key: Type.Optional({
      ...secret({
        needs: ['cert'],
        falcosidekick: ['mutualtlsclient.keyfile'],
        description: 'Private key of the client certificate: a PEM file, or the PEM text itself.',
      }),
      format: 'path',
    }),
    insecure: Type.Boolean({
      default: false,
      falcosidekick: [{ key: 'checkcert', inverted: true }],
      description: 'Do not verify the server’s certificate. Anybody in between can then read the events.',
    }),
  },
  {
    falcosidekick: ['mutualtls'],
    description:
      'TLS of the connection. Files are read again after a failed connection, so they may be renewed.',
  },
);

/**
 * The options of `node:tls` for a connection. Call it for each connection: the files may have been renewed.
 *
 * @param baseDir where relative paths of PEM files start: the `configDir` of the output's context
 * @throws Error naming the option and the file that cannot be read
 * @example
 * import { connect } from 'node:tls';
 *
 * const socket = connect({ host: options.host, port: 6514, ...readTls(options.tls ?? {}, context.configDir) });
 */
export function readTls(
  tls: TlsOptions,
  baseDir: string,
): { rejectUnauthorized: boolean; ca?: string; cert?: string; key?: string } {
  return {
    rejectUnauthorized: tls.insecure !== true,
    ...(tls.ca !== undefined && { ca: pem('ca', tls.ca, baseDir) }),
    ...(tls.cert !== undefined && { cert: pem('cert', tls.cert, baseDir) }),
    ...(tls.key !== undefined && { key: pem('key', tls.key, baseDir) }),
  };
}

function pem(option: string, value: string, baseDir: string): string {
  if (value.includes('-----BEGIN ')) return value;
  try {
    return readFileSync(resolve(baseDir, value), 'utf8');
  } catch (error) {
    throw new Error(`tls.${option}: ${(error as Error).message}`, { cause: error });
  }
}
