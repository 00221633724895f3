import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A program that a test or bench drives: where it is, or what is missing to have it. */
export type Tool = { readonly path: string } | { readonly missing: string };

/** Minutes that an installation may take. */
const INSTALL_TIMEOUT_MS = 5 * 60_000;

const repoRoot = resolve(import.meta.dirname, '../..');
const cache = process.env['TRADEWIND_CACHE'] ?? join(repoRoot, '.cache');

/**
 * A Python that has modules: the one on PATH, else the shared virtual environment in the cache, else that environment with
 * the requirements installed.
 *
 * @param modules - What must be importable, e.g. `tritonclient.grpc`.
 * @param requirements - File for `pip install -r`, from the root of the repository.
 */
export function pythonWith(modules: readonly string[], requirements: string): Tool {
  const wanted = ['-c', `import ${modules.join(', ')}`];
  const venv = join(cache, 'python/bin/python');
  return found(`Python 3 with ${modules.join(', ')}`, [
    () => (succeeds('python3', wanted) ? 'python3' : undefined),
    () => (existsSync(venv) && succeeds(venv, wanted) ? venv : undefined),
    () => {
      if (!existsSync(venv)) install('python3', ['-m', 'venv', join(cache, 'python')]);
      install(venv, ['-m', 'pip', 'install', '--quiet', '--requirement', join(repoRoot, requirements)]);
      return succeeds(venv, wanted) ? venv : undefined;
    },
  ]);
}

/**
 * A Go program: on PATH, else in the cache, else built into it.
 *
 * @param module - Package and version, e.g. `github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3`.
 */
export function goTool(name: string, module: string): Tool {
  const bin = join(cache, 'bin');
  const built = join(bin, name);
  return found(`${name} or Go to build it`, [
    () => onPath(name),
    () => (existsSync(built) ? built : undefined),
    () => {
      mkdirSync(bin, { recursive: true });
      install('go', ['install', module], { GOBIN: bin });
      return existsSync(built) ? built : undefined;
    },
  ]);
}

/** A program of the operating system: on PATH or not at all. */
export function systemTool(name: string, debianPackage: string): Tool {
  return found(`${name} (Debian: ${debianPackage})`, [() => onPath(name)]);
}

/** Chromium or Chrome: the one that `CHROMIUM` names, on PATH, else installed where this is Debian and we may. */
export function chromium(): Tool {
  const names = ['chromium', 'google-chrome', 'chromium-browser'];
  const search = (): string | undefined =>
    names.map((name) => onPath(name)).find((path) => path !== undefined);
  return found('Chromium (Debian: chromium, or its path in CHROMIUM)', [
    () => process.env['CHROMIUM'],
    search,
    () => {
      if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) return undefined;
      const apt = ['-y', '-qq', '--no-install-recommends'];
      install('apt-get', ['update', '-qq']);
      install('apt-get', ['install', ...apt, 'chromium', 'fonts-dejavu-core'], {
        DEBIAN_FRONTEND: 'noninteractive',
      });
      return search();
    },
  ]);
}

function found(what: string, places: readonly (() => string | undefined)[]): Tool {
  for (const look of places) {
    const path = look();
    if (path !== undefined) return { path };
  }
  // On a build machine a skipped test would look like a passed one.
  if (process.env['CI'] === 'true') throw new Error(`Build machine must have ${what}, it has not`);
  return { missing: what };
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 60_000 }).status === 0;
}

function install(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, ...env },
  });
}
