import type { Fault } from '../../explain/errors.ts';
import { spanOf } from '../../read/tree.ts';
import { isLoopback, splitAddress } from '../../schema/address.ts';
import { formatSize } from '../../schema/size.ts';
import type { CrossContext } from './context.ts';

/** Settings of the sections that contradict each other, or that expose the operations. Values with errors are skipped. */
export function checkSections(context: CrossContext): Fault[] {
  return [...checkSizes(context), ...checkAdminAddress(context)];
}

function checkSizes({ sections: { server, journal }, root }: CrossContext): Fault[] {
  const code = 'TIERCEL_CFG_LIMITS';
  const faults: Fault[] = [];
  const { max_size: room, segment_size: segment } = journal ?? {};
  if (segment !== undefined && room !== undefined && segment > room) {
    const path = ['journal', 'segment_size'];
    const message = `${formatSize(segment)} is larger than journal.max_size (${formatSize(room)})`;
    const fix = 'Use a quarter of journal.max_size or less: space is freed one segment at a time.';
    faults.push({ code, path, message, fix, span: spanOf(root, path) });
  }
  const body = server?.max_body;
  if (body !== undefined && room !== undefined && body > room) {
    const path = ['server', 'max_body'];
    const message = `${formatSize(body)} is larger than journal.max_size (${formatSize(room)}): a body of this size could never be stored`;
    faults.push({ code, path, message, span: spanOf(root, path) });
  }
  return faults;
}

/** `admin_listen` differs from `listen`, and needs credentials where other machines may reach it. */
function checkAdminAddress({ sections: { server }, root, hasError }: CrossContext): Fault[] {
  if (server?.admin_listen === undefined) return [];
  const path = ['server', 'admin_listen'];
  const place = { path, span: spanOf(root, path) };
  if (server.admin_listen === server.listen) {
    const message = 'is the same address as server.listen';
    const fix = 'Remove it: commands on this machine use the admin socket. Or choose another port.';
    return [{ ...place, code: 'TIERCEL_CFG_LIMITS', message, fix }];
  }
  // Credentials with an error are an error already.
  if (['admin_auth', 'auth', 'tls'].some((section) => hasError(['server', section]))) return [];
  const { bearer_token, basic } = server.admin_auth ?? server.auth ?? {};
  const hasCredentials = bearer_token !== undefined || basic !== undefined;
  if (hasCredentials || server.tls?.client_ca !== undefined) return [];
  if (isLoopback(splitAddress(server.admin_listen).host)) return [];
  const message =
    'other machines can reach this address, and no credentials are required: anyone could delete dead letters';
  const fix =
    'Set server.admin_auth (or server.auth, or server.tls.client_ca), or listen on 127.0.0.1. Commands on this machine use the admin socket and need no address.';
  return [{ ...place, code: 'TIERCEL_CFG_EXPOSED', message, fix }];
}
