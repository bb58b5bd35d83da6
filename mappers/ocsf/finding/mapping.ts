import type { Event, TObject } from '../../../core/sdk/index.ts';
import { configuredProvider } from '../objects/cloud.ts';
import { falcosidekickFinding } from '../schema/falcosidekick.ts';
import { detectionFinding, type Finding, securityFinding } from '../schema/finding.ts';
import { LINUX_USERS } from '../schema/objects/process.ts';
import { kindOf, type OcsfOptions, severityTable } from '../schema/options.ts';
import { trim } from '../schema/trim.ts';
import { toDetectionFinding } from './detection.ts';
import { toFalcosidekickFinding } from './falcosidekick.ts';
import type { MapOptions } from './parts.ts';
import { toSecurityFinding } from './security.ts';

/** A class, ready to use: its record definition and the function that fills it. */
export interface Mapping {
  /** Attributes that go without a declared profile and captions that do not match their ids: Falcosidekick's. */
  readonly compatible: boolean;
  readonly schema: TObject;
  readonly map: (event: Event) => Finding;
}

/** The mapping that options ask for. */
export function mappingOf(options: OcsfOptions): Mapping {
  const kind = kindOf(options);
  const { version } = options;
  const linuxUsers = options.profiles.includes('linux_users');
  const evidence = kind === 'detection';
  const known = configuredProvider(options) !== undefined;
  const map: MapOptions = {
    options,
    version,
    linuxUsers,
    // Falcosidekick has Alert for Fatal.
    severities: severityTable(options.severity, kind === 'falcosidekick' ? { Alert: 6 } : {}),
    room: {
      evidence,
      url: evidence && version >= '1.2.0',
      product: version >= '1.4.0',
      api: (told) => evidence || told !== undefined || known,
    },
  };
  const without = new Set(linuxUsers ? [] : [LINUX_USERS]);
  const schemas = {
    detection: detectionFinding,
    security: securityFinding,
    falcosidekick: falcosidekickFinding,
  };
  const mappers = {
    detection: toDetectionFinding,
    security: toSecurityFinding,
    falcosidekick: toFalcosidekickFinding,
  };
  const fill = mappers[kind];
  return {
    compatible: kind === 'falcosidekick',
    schema: trim(schemas[kind], version, without),
    map: (event) => fill(event, map),
  };
}
