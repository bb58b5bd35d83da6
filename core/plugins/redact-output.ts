import type { Finding, Output, StreamOutput } from '../sdk/contract/output.ts';
import type { Delivery, Failure } from '../sdk/contract/verdicts.ts';
import { reasonOf } from '../sdk/http/transport/failure.ts';
import { redactor } from '../sdk/http/transport/redact.ts';

/**
 * The output, with secrets taken out of what it says: reasons, errors and findings reach logs, dead letters, the page and the
 * terminal, and a destination may repeat the credentials that it was sent.
 *
 * @param secrets of its options
 */
export function redactOutput<O extends Output | StreamOutput>(output: O, secrets: readonly string[]): O {
  if (secrets.length === 0) return output;
  const redact = redactor(secrets);
  // Not a copy: an output may be an instance of a class.
  return new Proxy(output, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const call = (...given: unknown[]): unknown => Reflect.apply(member, target, given);
      switch (name) {
        case 'deliver':
          return async (...given: unknown[]) =>
            redactDelivery((await settle(call, given)) as Delivery, redact);
        case 'start':
        case 'check':
        case 'stop':
          return (...given: unknown[]) => settle(call, given);
        case 'diagnose':
          return (...given: unknown[]) =>
            redactFindings(call(...given) as ReturnType<NonNullable<Output['diagnose']>>, redact);
        default:
          return call;
      }
    },
  });

  async function settle(call: (...given: unknown[]) => unknown, given: unknown[]): Promise<unknown> {
    try {
      return await call(...given);
    } catch (error) {
      throw redactError(error, redact);
    }
  }
}

type Redact = (text: string) => string;

/** What is no delivery is passed on: the framework refuses it. */
function redactDelivery(delivery: Delivery, redact: Redact): Delivery {
  const { reason, rejected } = (delivery ?? {}) as { reason?: unknown; rejected?: unknown };
  return {
    ...delivery,
    ...(typeof reason === 'string' && { reason: redact(reason) }),
    ...(Array.isArray(rejected) && {
      rejected: (rejected as Failure[]).map((failure) => ({
        ...failure,
        reason: redact(String(failure?.reason)),
      })),
    }),
  };
}

/** The same error where it holds no secret; else one with the same sentence, and without its cause. */
function redactError(error: unknown, redact: Redact): unknown {
  const reason = reasonOf(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  if (redact(reason) === reason && redact(stack) === stack) return error;
  const redacted = new Error(redact(reason));
  redacted.stack = redact(stack);
  return redacted;
}

async function* redactFindings(findings: AsyncIterable<Finding>, redact: Redact): AsyncIterable<Finding> {
  try {
    for await (const finding of findings) yield { ...finding, line: redact(finding.line) };
  } catch (error) {
    throw redactError(error, redact);
  }
}
