import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../sdk/contract/output.ts';
import { installCommand, type Packages } from '../sdk/contract/packages.ts';
import { findPackage } from './find-package.ts';

/** A package that an output declares, and what is installed. */
export interface PackageState {
  readonly name: string;
  /** As declared. */
  readonly range: string;
  /** Absent: it is not installed where the output or the configuration could load it from. */
  readonly version?: string;
  /** The installed version is one of the range. */
  readonly fits: boolean;
}

/** Where an output loads its packages from. */
export interface PackagePlace {
  /** The URL of the module of the definition. */
  readonly module: string;
  readonly configDir: string;
}

/** Looks up the packages that an output declares: from its module, then from the folder of the configuration. */
export async function packageStates(
  packages: Packages = {},
  { module, configDir }: PackagePlace,
): Promise<PackageState[]> {
  if (Object.keys(packages).length === 0) return [];
  // Loaded here: most outputs need no package, and a start waits for every module.
  const { satisfies } = await import('compare-versions');
  const folders = [...(module.startsWith('file:') ? [dirname(fileURLToPath(module))] : []), configDir];
  return Object.entries(packages).map(([name, range]) => {
    const [found] = folders.flatMap((folder) => findPackage(name, folder) ?? []);
    if (found === undefined) return { name, range, fits: false };
    return { name, range, version: found.version, fits: isTrue(() => satisfies(found.version, range)) };
  });
}

/** What `tiercel doctor` says of the packages of an output; nothing where it declares none. */
export async function packageFindings(
  packages: Packages | undefined,
  place: PackagePlace,
): Promise<Finding[]> {
  const states = await packageStates(packages, place);
  return states.map((state): Finding => {
    const { name, range, version, fits } = state;
    if (version === undefined) {
      const fix = `run  ${installCommand({ [name]: range })}  in ${place.configDir}`;
      return { status: 'failed', what: 'package', line: `${name} ${range} is not installed: ${fix}` };
    }
    if (!fits) return { status: 'warning', what: 'package', line: outOfRange(state, place) };
    return { status: 'ok', what: 'package', line: `${name} ${version}` };
  });
}

/** The packages that are installed in a version that the output does not declare, one sentence each, for the log at the start. */
export async function packageWarnings(
  packages: Packages | undefined,
  place: PackagePlace,
): Promise<string[]> {
  const states = await packageStates(packages, place);
  return states
    .filter(({ version, fits }) => version !== undefined && !fits)
    .map((state) => outOfRange(state, place));
}

function outOfRange({ name, range, version }: PackageState, { configDir }: PackagePlace): string {
  return `${name} ${version} is installed; the output is made for ${range}: run  ${installCommand({ [name]: range })}  in ${configDir}`;
}

/** One condition of a range: `^3.0.0`, `<2`, `1.x`. */
const COMPARATOR = /^(?:[~^=]|[<>]=?)?\d+(?:\.(?:\d+|[xX])){0,2}(?:-[\w.-]+)?$/;

/** Whether a text is a version range in the notation of npm: `^3.0.0`, `>=1.2.0 <2.0.0`, `^1.0.0 || ^2.0.0`. A tag or `*` is none. */
export function isRange(range: string): boolean {
  return range.split('||').every((part) =>
    part
      .trim()
      .replace(/([<>=~^])\s+/g, '$1')
      .split(/\s+-\s+|\s+/)
      .every((comparator) => COMPARATOR.test(comparator)),
  );
}

/** A version that is none, of a package that somebody links or builds, is in no range: comparing it throws. */
function isTrue(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}
