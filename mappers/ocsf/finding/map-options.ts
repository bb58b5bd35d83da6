import type { Priority } from '../../../core/sdk/index.ts';
import type { Room } from '../objects/activity.ts';
import type { SEVERITIES } from '../schema/base-event.ts';
import type { OcsfVersion } from '../schema/objects/types.ts';
import type { OcsfOptions } from '../schema/options.ts';

/** The options, worked out once. */
export interface MapOptions {
  readonly options: OcsfOptions;
  readonly version: OcsfVersion;
  readonly severities: Readonly<Record<Priority, keyof typeof SEVERITIES>>;
  readonly room: Room;
  readonly linuxUsers: boolean;
}
