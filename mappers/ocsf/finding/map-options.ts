import type { Priority } from '../../../core/index.ts';
import type { OcsfOptions } from '../options.ts';
import type { SEVERITIES } from '../schema/base-event.ts';
import type { OcsfVersion } from '../schema/types.ts';
import type { Room } from '../sources/activity.ts';

/** The options, worked out once. */
export interface MapOptions {
  readonly options: OcsfOptions;
  readonly version: OcsfVersion;
  readonly severities: Readonly<Record<Priority, keyof typeof SEVERITIES>>;
  readonly room: Room;
  readonly linuxUsers: boolean;
}
