import type { Static } from 'typebox';
import { Type } from '../../sdk/options/type.ts';
import { names, section } from './parts.ts';

/** A test of the configuration, run by `tiercel test`. */
export const TestSchema = section(
  {
    name: Type.String({ minLength: 1, description: 'What the test holds.' }),
    event: Type.Record(Type.String(), Type.Unknown(), {
      description: 'An event as Falco sends it; what is left out is filled in.',
    }),
    expect: section(
      {
        outputs: names('Outputs that want the event.', ['archive']),
        not_outputs: names('Outputs that do not.', ['oncall']),
        records: Type.Optional(
          Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
            description: 'For an output by its name: a part of the record it is given.',
          }),
        ),
      },
      'What must come of it.',
    ),
  },
  'An event and where it must go.',
);

export type ConfigTest = Static<typeof TestSchema>;
