import type { Device, Logger } from '../schema/objects/place.ts';
import { HOSTNAME } from '../schema/objects/types.ts';

/** A host by its name. OCSF takes no underscore in a host name: such a name is just a name. */
export function hostOf(hostname: string): NonNullable<Logger['device']> {
  const valid = HOSTNAME.test(hostname);
  return {
    hostname: valid ? hostname : undefined,
    name: valid ? undefined : hostname,
    type: 'Unknown',
    type_id: 0,
  };
}

/** The host of a system call, which come from Linux alone. */
export function deviceOf(hostname: string | undefined): Device | undefined {
  if (hostname === undefined) return undefined;
  const device: Device = hostOf(hostname);
  device.os = { name: 'Linux', type: 'Linux', type_id: 200 };
  return device;
}
