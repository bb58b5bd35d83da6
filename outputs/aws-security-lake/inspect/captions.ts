// Written down a second time, apart from the mapper's: a check that shares the table of what it checks proves nothing.
// Source: the OCSF schema, 1.0.0 to 1.3.0.

/** OCSF versions that Security Lake takes from custom sources. */
export const VERSIONS: ReadonlySet<string> = new Set(['1.0.0-rc.2', '1.0.0', '1.1.0', '1.2.0', '1.3.0']);

export const CATEGORIES: Readonly<Record<number, string>> = { 2: 'Findings' };

export const SEVERITIES: Readonly<Record<number, string>> = {
  0: 'Unknown',
  1: 'Informational',
  2: 'Low',
  3: 'Medium',
  4: 'High',
  5: 'Critical',
  6: 'Fatal',
  99: 'Other',
};

interface Class {
  readonly name: string;
  readonly category: number;
  /** The object that a row must have. */
  readonly holds: string;
  /** Captions of activity_id, where they are fixed. */
  readonly activities: Readonly<Record<number, string>>;
}

/**
 * The classes that Falco's events become. Falcosidekick calls activity 1 of a Security Finding "Generate", as OCSF did
 * before 1.0; what stands in lakes is not judged by it.
 */
export const CLASSES: Readonly<Record<number, Class>> = {
  2001: { name: 'Security Finding', category: 2, holds: 'finding', activities: {} },
  2004: {
    name: 'Detection Finding',
    category: 2,
    holds: 'finding_info',
    activities: { 0: 'Unknown', 1: 'Create', 2: 'Update', 3: 'Close' },
  },
};
