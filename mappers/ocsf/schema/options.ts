import { PRIORITIES, type Priority, type Static, Type } from '../../../core/sdk/index.ts';
import type { SEVERITIES } from './base-event.ts';
import { VERSIONS } from './objects/types.ts';

const oneOf = <const T extends readonly string[]>(
  values: T,
  details: { readonly default: T[number]; readonly description: string },
) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...details });

/** What Security Lake takes for an account: an AWS account, or one outside of AWS. */
export const ACCOUNT_PATTERN = '^(?:\\d{12}|external(?:_[A-Za-z0-9_.-]{1,64})?)$';

const cloud = Type.Object(
  {
    provider: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'The provider, as OCSF writes it.',
        examples: ['AWS', 'GCP'],
      }),
    ),
    account_id: Type.Optional(
      Type.String({
        pattern: ACCOUNT_PATTERN,
        description: 'The account: 12 digits, `external`, or `external_{id}`.',
      }),
    ),
    account_name: Type.Optional(Type.String({ minLength: 1, description: 'The name of that account.' })),
    region: Type.Optional(Type.String({ minLength: 1, description: 'The region Falco runs in.' })),
    zone: Type.Optional(Type.String({ minLength: 1, description: 'The availability zone.' })),
  },
  { description: 'The cloud that Falco runs in; events that tell theirs win.' },
);

const severity = Type.Object(
  Object.fromEntries(
    PRIORITIES.map((priority) => [
      priority.toLowerCase(),
      Type.Optional(
        Type.Integer({ minimum: 0, maximum: 6, description: `severity_id of the priority ${priority}.` }),
      ),
    ]),
  ),
  { description: 'severity_id by priority, where it is not the default.' },
);

/** The options of the mapper `ocsf`, in YAML spelling. */
export const options = Type.Object({
  class: oneOf(['detection_finding', 'security_finding'] as const, {
    default: 'detection_finding',
    description: 'The OCSF class: Detection Finding (2004) or the deprecated Security Finding (2001).',
  }),
  version: oneOf(VERSIONS, {
    default: '1.1.0',
    description: 'The OCSF version. Security Lake takes 1.1.0 and 1.3.0.',
  }),
  mode: oneOf(['enriched', 'falcosidekick'] as const, {
    default: 'enriched',
    description:
      'With security_finding: all that the class can hold, or the attributes and values of Falcosidekick.',
  }),
  validation: oneOf(['repair', 'strict', 'off'] as const, {
    default: 'repair',
    description:
      'What to do with a record that OCSF would not take: move what offends to `unmapped`, set the event aside with the error codes, or do not look.',
  }),
  cloud: Type.Optional(cloud),
  cluster_name: Type.Optional(
    Type.String({ minLength: 1, description: 'The Kubernetes cluster that Falco runs in.' }),
  ),
  account_id_from: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'An output field that holds the account of the event.',
      examples: ['ct.recipientaccountid'],
    }),
  ),
  profiles: Type.Array(Type.Unsafe<'linux_users'>({ type: 'string', enum: ['linux_users'] }), {
    default: [],
    description:
      "Profiles to add: `linux_users` for the login uid and the group of a process. AWS's validation script cannot read records that declare it.",
  }),
  severity: Type.Optional(severity),
  confidence_from_maturity: Type.Boolean({
    default: false,
    description: 'Confidence from the maturity tag: stable High, incubating Medium, sandbox Low.',
  }),
});

export type OcsfOptions = Static<typeof options>;

type SeverityId = keyof typeof SEVERITIES;

/** Priority to severity. OCSF's Fatal is for what is too late to remedy. */
const SEVERITY: Readonly<Record<Priority, SeverityId>> = {
  Emergency: 6,
  Alert: 5,
  Critical: 5,
  Error: 4,
  Warning: 3,
  Notice: 2,
  Informational: 1,
  Debug: 1,
};

/** The severity of every priority, with what the options change. */
export function severityTable(
  changes: OcsfOptions['severity'],
  base: Partial<Record<Priority, SeverityId>> = {},
): Readonly<Record<Priority, SeverityId>> {
  const table = { ...SEVERITY, ...base };
  for (const priority of PRIORITIES) {
    const changed = (changes as Record<string, number> | undefined)?.[priority.toLowerCase()];
    if (changed !== undefined) table[priority] = changed as SeverityId;
  }
  return table;
}

/** The record definition that options ask for, by name. */
export function kindOf(given: OcsfOptions): 'detection' | 'security' | 'falcosidekick' {
  if (given.class === 'detection_finding') return 'detection';
  return given.mode === 'falcosidekick' ? 'falcosidekick' : 'security';
}
