import type { AnyOutputDefinition, Output, OutputContext, StreamOutput } from '../sdk/contract/output.ts';
import type { Packages } from '../sdk/contract/packages.ts';
import { AUTH_PACKAGES } from '../sdk/http/auth/options.ts';
import { httpClient, type OwnedHttpClient } from '../sdk/http/client.ts';
import { createLoadPackage } from './load-package.ts';
import { redactOutput } from './redact-output.ts';
import { secretsIn } from './secrets.ts';

/** What is given for the context of an output; the rest is made of it and of the output's options. */
export type GivenContext<R = unknown> = Omit<OutputContext<R>, 'http' | 'fetch' | 'load'> & {
  /** Libraries for `load` and for `auth`, by the name of their package, instead of those that are installed. */
  readonly libraries?: Readonly<Record<string, unknown>>;
};

/** A context, and how its owner closes what was opened by it. */
export interface OpenContext<R> {
  readonly context: OutputContext<R>;
  close(): void;
}

/**
 * The context of an output, the same for the program, the commands and the test kit.
 *
 * @param options of the output, decoded
 * @param packages of its definition
 */
export function openContext<R>(
  options: object,
  { libraries, ...given }: GivenContext<R>,
  packages?: Packages,
): OpenContext<R> {
  const { configDir, clock } = given;
  const loading = { configDir, given: libraries };
  let http: OwnedHttpClient | undefined;
  return {
    context: {
      ...given,
      fetch: globalThis.fetch,
      load: createLoadPackage({ packages, ...loading }),
      get http() {
        http ??= httpClient(options, {
          configDir,
          clock,
          load: createLoadPackage({ packages: AUTH_PACKAGES, ...loading }),
        });
        return http;
      },
    },
    close: () => http?.close(),
  };
}

/**
 * Makes an output. What its context opened is closed after its `stop`, which it always has, and the secrets of its options are
 * taken out of what it says.
 *
 * @throws what `create` throws
 */
export function createOutput(
  definition: AnyOutputDefinition,
  options: object,
  given: GivenContext,
): Output | StreamOutput {
  const { context, close } = openContext(options, given, definition.packages);
  let output: Output | StreamOutput;
  try {
    output = definition.create(options, context);
  } catch (error) {
    close();
    throw error;
  }
  const stop = async (signal: AbortSignal) => {
    try {
      await output.stop?.(signal);
    } finally {
      close();
    }
  };
  // Not a copy: an output may be an instance of a class.
  const closing = new Proxy(output, {
    get(target, name) {
      if (name === 'stop') return stop;
      const member = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return redactOutput(closing, secretsIn(definition.options, options));
}
