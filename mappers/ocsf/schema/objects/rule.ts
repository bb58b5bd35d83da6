import { constant, enumId, object, opt, type Static, text } from './types.ts';

const tacticOrTechnique = (what: string) =>
  object(
    `The ${what}.`,
    { name: opt(text(`Name of the ${what}.`)), uid: opt(text(`Identifier of the ${what}.`)) },
    { atLeastOne: ['name', 'uid'] },
  );

export const attack = object(
  'A MITRE ATT&CK classification, from the tags of the rule.',
  {
    tactic: opt(tacticOrTechnique('tactic')),
    technique: opt(tacticOrTechnique('technique')),
    sub_technique: opt(tacticOrTechnique('sub-technique')),
    version: opt(text('ATT&CK version that the names are from.')),
  },
  { atLeastOne: ['tactic', 'technique', 'sub_technique'] },
);

export const analytic = object(
  'The Falco rule.',
  {
    name: opt(text('Name of the rule.')),
    uid: opt(text('Name of the rule: Falco rules have no other identifier.')),
    type: opt(text('Caption of type_id.')),
    type_id: enumId('What kind of analytic', { 1: 'Rule' }),
  },
  { atLeastOne: ['name', 'uid'] },
);

const feature = object(
  'The event source inside Falco.',
  { name: text('Event source: syscall, k8s_audit, aws_cloudtrail …') },
  { atLeastOne: ['name'] },
);

export const product = (vendor: string) =>
  object(
    'The product that found it.',
    {
      name: constant('Falco', 'Always Falco.'),
      vendor_name: constant(vendor, `Always ${vendor}.`),
      version: opt(text("Falco's version, where an event tells it.")),
      feature: opt(feature),
    },
    { atLeastOne: ['name'] },
  );

export const relatedEvent = object('An event this one was found in.', {
  uid: text("The source's own id of the event, to join its table."),
  product_uid: opt(text('CloudTrail.', { until: '1.5.0' })),
  product: opt(
    object(
      'The product whose log has it.',
      { uid: text('CloudTrail.') },
      { atLeastOne: ['uid'], since: '1.5.0' },
    ),
  ),
});

export type RelatedEvent = Static<typeof relatedEvent>;
export type Attack = Static<typeof attack>;
