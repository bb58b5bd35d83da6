import type { Fault } from '../../explain/errors.ts';
import { spanOf } from '../../read/tree.ts';
import { isLoopback, splitAddress } from '../../schema/address.ts';
import { formatSize } from '../../schema/size.ts';
import type { CrossContext } from './context.ts';

/** Settings of the sections that contradict each other, or that expose the operations. */
export function checkSections(context: CrossContext): Fault[] {
  return [...checkSizes(context), ...checkAdminAddress(context)];
}

function checkSizes({ sections: { server, journal }, root }: CrossContext): Fault[] {
  const code = 'TIERCEL_CFG_LIMITS';
  const faults: Fault[] = [];
  if (journal && journal.segment_size > journal.max_size) {
    const path = ['journal', 'segment_size'];
    const message = `${formatSize(journal.segment_size)} is larger than journal.max_size, ${formatSize(journal.max_size)}`;
    const fix = 'A quarter of it, or less, lets space be given back while the rest is in use.';
    faults.push({ code, path, message, fix, span: spanOf(root, path) });
  }
  if (server && journal && server.max_body > journal.max_size) {
    const path = ['server', 'max_body'];
    const message = `is larger than journal.max_size, ${formatSize(journal.max_size)}: such a body could never be taken`;
    faults.push({ code, path, message, span: spanOf(root, path) });
  }
  return faults;
}

/** `admin_listen` differs from `listen`, and needs credentials where other machines may reach it. */
function checkAdminAddress({ sections: { server }, root }: CrossContext): Fault[] {
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
