/**
 * Fails when a dependency is older than the release that closed a known vulnerability, or when the lockfile names a
 * download address. Prints one line per fault.
 */
import { readFileSync } from 'node:fs';

/** Oldest release of each package without a known vulnerability that concerns us. */
const MINIMUM_VERSIONS: Readonly<Record<string, string>> = {
  '@grpc/grpc-js': '1.14.4',
  '@kubernetes/client-node': '2.0.1',
  protobufjs: '7.5.6',
};

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly resolved?: string }>>;
}

function isOlder(version: string, minimum: string): boolean {
  const parts = (text: string) => text.split(/[-+]/, 1)[0]!.split('.').map(Number);
  const [have, want] = [parts(version), parts(minimum)];
  for (let i = 0; i < 3; i += 1) {
    if ((have[i] ?? 0) !== (want[i] ?? 0)) return (have[i] ?? 0) < (want[i] ?? 0);
  }
  return version.includes('-') && !minimum.includes('-');
}

const lockfile = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
const faults: string[] = [];
for (const [path, entry] of Object.entries(lockfile.packages)) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const minimum = MINIMUM_VERSIONS[name];
  if (minimum !== undefined && entry.version !== undefined && isOlder(entry.version, minimum)) {
    faults.push(`${name} must be at least ${minimum}, was ${entry.version} (${path})`);
  }
  if (entry.resolved?.startsWith('http'))
    faults.push(`${path} must have no download address, had ${entry.resolved}`);
}
for (const fault of faults) console.error(`check-versions: ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
