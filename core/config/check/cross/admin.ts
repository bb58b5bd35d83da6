import type { Fault } from '../../explain/errors.ts';
import { spanOf } from '../../read/tree.ts';
import { isLoopback, splitAddress } from '../../schema/address.ts';
import type { Whole } from './context.ts';

/** The address for operators: it is another than that of the events, and other machines need credentials there. */
export function checkAdmin({ sections: { server }, root }: Whole): Fault[] {
  if (server?.admin_listen === undefined) return [];
  const path = ['server', 'admin_listen'];
  const place = { path, span: spanOf(root, path) };
  if (server.admin_listen === server.listen) {
    const message = 'is the same address as server.listen';
    const fix = 'Leave it out: commands on this machine use the admin socket.';
    return [{ ...place, code: 'TIERCEL_CFG_LIMITS', message, fix }];
  }
  const { bearer_token, basic } = server.admin_auth ?? server.auth ?? {};
  const hasCredentials = bearer_token !== undefined || basic !== undefined;
  if (hasCredentials || server.tls?.client_ca !== undefined) return [];
  if (isLoopback(splitAddress(server.admin_listen).host)) return [];
  const message =
    'is an address that other machines may reach, and needs no credentials: anyone could drop dead letters';
  const fix =
    'Set server.admin_auth (or server.auth, or server.tls.client_ca), or use 127.0.0.1. Commands on this machine need no address: they use the admin socket.';
  return [{ ...place, code: 'TIERCEL_CFG_EXPOSED', message, fix }];
}
