import { type FieldValue, isMissing } from '../../core/sdk/index.ts';

/**
 * What Security Lake takes for the account of a partition: 12 digits, or `external` or `external_{id}` for what
 * is not in AWS (Security Lake user guide, "Collecting data from custom sources").
 */
export const ACCOUNT_PATTERN = '^([0-9]{12}|external(_[A-Za-z0-9._-]{1,64})?)$';

const ACCOUNT = new RegExp(ACCOUNT_PATTERN);

/**
 * The account an event belongs to: that of its field where the field has a value, else the configured one.
 *
 * @param value of the field named by `account_id_from`; undefined when there is none
 * @returns undefined when the field has a value that is no account: a wrong partition could not be undone
 */
export function accountOf(value: FieldValue | undefined, configured: string): string | undefined {
  if (isMissing(value)) return configured;
  const text = String(value);
  return ACCOUNT.test(text) ? text : undefined;
}
