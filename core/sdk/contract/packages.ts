/**
 * Packages that an output needs and that are not installed with Tiercel: name to version range, in the notation of npm.
 *
 * @example const packages: Packages = { '@nats-io/jetstream': '^3.0.0', '@nats-io/transport-node': '^3.0.0' };
 */
export type Packages = Readonly<Record<string, string>>;

/**
 * Loads a package that the definition declares under `packages`, or an entry point of one (`name/inside`). Taken is the library
 * that was passed in; else what `load` imports; else the package that is installed beside the configuration file, where neither
 * `npx` nor the container image has any other place for it.
 *
 * @param load the import itself, written in the output, so that the compiler and bundlers see it
 * @throws Error with the command that installs it when it is nowhere; what `load` throws when it is there and cannot be imported
 * @example const { SQSClient } = await context.load('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'));
 */
export type LoadPackage = <T>(name: string, load: () => Promise<T>) => Promise<T>;

/**
 * The command that installs packages in a declared version, for a shell of any system.
 *
 * @example installCommand({ 'left-pad': '^1.0.0' }) // npm install "left-pad@^1.0.0"
 */
export function installCommand(packages: Packages): string {
  const named = Object.entries(packages).map(([name, range]) => `"${name}@${range}"`);
  return `npm install ${named.join(' ')}`;
}
