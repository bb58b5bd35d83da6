import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Where Linux distributions put theirs, one folder a version. */
const INSTALLED = '/usr/lib/jvm';

/**
 * The program of a Java of at least that version: of JAVA_HOME or another JAVA_HOME_*, of the PATH, or one that is installed beside
 * them. Undefined when there is none.
 */
export function findJava(version: number): string | undefined {
  const homes = Object.entries(process.env).flatMap(([name, home = '']) =>
    name.startsWith('JAVA_HOME') ? [home] : [],
  );
  const ofPath = (process.env.PATH ?? '').split(delimiter).map((folder) => dirname(folder));
  const installed = existsSync(INSTALLED) ? readdirSync(INSTALLED).map((name) => join(INSTALLED, name)) : [];
  const home = [...homes, ...ofPath, ...installed].find((each) => versionOf(each) >= version);
  return home === undefined ? undefined : join(home, 'bin', 'java');
}

/** The version of the Java at home there, by the note that each carries; 0 when there is none. */
function versionOf(home: string): number {
  const release = join(home, 'release');
  if (!existsSync(join(home, 'bin', 'java')) || !existsSync(release)) return 0;
  return Number(/^JAVA_VERSION="(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1] ?? 0);
}
