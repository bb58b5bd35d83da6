import type { Static } from 'typebox';
import type { FalcosidekickKey } from '../../options/falcosidekick.ts';
import { Type } from '../../options/type.ts';
import { headerForms } from '../transport/credentials.ts';
import type { Auth } from './auth.ts';

/**
 * @param keys of Falcosidekick that the value replaces
 * @param fixed the only name that the service knows
 */
export function headerOption(keys: readonly FalcosidekickKey[] = [], fixed?: string) {
  return Type.Object(
    {
      name: Type.String({
        ...(fixed === undefined
          ? { format: 'header-name', description: 'Name of the header.' }
          : {
              enum: [fixed],
              default: fixed,
              advanced: true,
              description: 'Name of the header; the only one.',
            }),
        ...(fixed === undefined && { examples: ['X-Api-Key', 'Authorization'] }),
      }),
      value: Type.String({
        format: 'header-value',
        secret: true,
        minLength: 1,
        description:
          fixed === undefined
            ? 'Value of the header, with its scheme where it has one: `ApiKey …`.'
            : `Value of the header \`${fixed}\`.`,
        ...(keys.length > 0 && { falcosidekick: keys }),
      }),
    },
    { description: 'An API key in a header.' },
  );
}

/** Sends an API key in a header. */
export function header({ name, value }: Static<ReturnType<typeof headerOption>>): Auth {
  return {
    credentials: () => ({ headers: { [name.toLowerCase()]: value } }),
    secrets: () => headerForms(value),
  };
}
