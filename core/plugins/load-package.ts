import { installCommand, type LoadPackage, type Packages } from '../sdk/contract/packages.ts';
import { findPackage, packageOf } from './find-package.ts';
import { resolveModule } from './resolve.ts';

/** What the loading of packages depends on. */
export interface LoadPackageOptions {
  /** From the definition: only these are loaded. Absent: none. */
  readonly packages?: Packages | undefined;
  /** The folder of the configuration file. */
  readonly configDir: string;
  /** Libraries that were passed in, by the name under which they are loaded. They win over what is installed. */
  readonly given?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Makes the `load` of an {@link OutputContext}.
 *
 * @example const load = createLoadPackage({ packages: definition.packages, configDir: config.dir });
 */
export function createLoadPackage({ packages = {}, configDir, given = {} }: LoadPackageOptions): LoadPackage {
  return async <T>(name: string, load: () => Promise<T>): Promise<T> => {
    const declared = packageOf(name);
    if (!Object.hasOwn(packages, declared))
      throw new Error(`this output does not declare the package ${declared}: add it to \`packages\``);
    if (Object.hasOwn(given, name)) return given[name] as T;
    try {
      return await load();
    } catch (error) {
      if (!isAbsent(error, declared)) throw error;
      const url = resolveModule(name, configDir);
      if (url !== undefined) return (await import(url)) as T;
      const others = Object.entries(packages).filter(
        ([other]) => other === declared || findPackage(other, configDir) === undefined,
      );
      const command = installCommand(Object.fromEntries(others));
      throw new Error(
        `this output needs the package ${declared} ${packages[declared]}, which is not installed: run  ${command}  in ${configDir}`,
        { cause: error },
      );
    }
  };
}

/** Node, Deno and Bun share the code. Of a package that is there and lacks a package of its own, the message names the other. */
function isAbsent(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return false;
  const missing = /(?:package|module|import) ['"]([^'"]+)['"]/i.exec(message)?.[1];
  return missing !== undefined && packageOf(missing) === name;
}
