import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { cache, found, install, onPath, type Tool } from './tools.ts';

/**
 * A program of a Debian package: on PATH, else unpacked into the cache. It is never installed, since some packages start a service when they are.
 *
 * @param name - As the package names it in `/usr/bin`.
 */
export function debianProgram(name: string, debianPackage: string): Tool {
  const folder = join(cache, 'debian', debianPackage);
  const program = join(folder, 'usr/bin', name);
  const cached = (): string | undefined => (existsSync(program) ? program : undefined);
  return found(`${name} (Debian: ${debianPackage})`, [
    () => onPath(name),
    cached,
    () => {
      if (onPath('apt-get') === undefined || onPath('dpkg-deb') === undefined) return undefined;
      // Two workers may unpack at once: each fills a folder of its own, and the first to finish names it.
      mkdirSync(join(cache, 'debian'), { recursive: true });
      const filling = mkdtempSync(join(cache, 'debian', `${debianPackage}-`));
      try {
        if (!download(debianPackage, filling) || !existsSync(join(filling, 'usr/bin', name)))
          return undefined;
        if (!existsSync(folder)) renameSync(filling, folder);
        return cached();
      } finally {
        rmSync(filling, { recursive: true, force: true });
      }
    },
  ]);
}

/** Fetches a package and unpacks it into a folder; its scripts are not run. */
function download(debianPackage: string, folder: string): boolean {
  const get = `cd '${folder}' && apt-get -qq download ${debianPackage} 2>/dev/null`;
  // Lists may be there already, and only root may fetch them.
  const hasPackage =
    install('sh', ['-c', get]) || (install('apt-get', ['update', '-qq']) && install('sh', ['-c', get]));
  const file = readdirSync(folder).find((each) => each.endsWith('.deb'));
  return hasPackage && file !== undefined && install('dpkg-deb', ['-x', join(folder, file), folder]);
}
