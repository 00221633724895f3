import { type LocalManifest, readManifests } from '../../../pkg/operator/local/manifest.ts';
import { revisionName } from '../../../pkg/tradingmodel/revision.ts';
import type { ApplyFlags } from '../commands/apply.ts';
import { ManifestUnusable } from '../errors.ts';
import { printJson } from '../output.ts';
import { readText } from '../read-text.ts';
import { modelFilesIn } from '../up/rollouts/model-files-in.ts';

/**
 * Writes manifests where `tradewind up` looks for them, all or none of them.
 *
 * @throws {FileUnreadable | FileUnwritable}
 * @throws {ManifestUnusable} A file has a fault, holds no TradingModel, or one that only a cluster can serve.
 */
export async function applyLocally(flags: ApplyFlags): Promise<void> {
  const files = modelFilesIn(flags.dir);
  const manifests = (await Promise.all(flags.file.map(manifestsIn))).flat();
  const twice = manifests.find((one, i) => manifests.findIndex((other) => other.name === one.name) !== i);
  if (twice !== undefined) throw new ManifestUnusable(flags.file.join(', '), `${twice.name} is in it twice`);
  for (const manifest of manifests) await files.writeManifest(manifest);
  const written = manifests.map((manifest) => ({
    ...{ model: manifest.name, revision: revisionName(manifest.name, manifest.spec) },
    file: files.manifestPath(manifest.name),
  }));
  if (flags.json === true) printJson({ applied: written });
  else
    process.stdout.write(
      written
        .map(({ model, revision, file }) => `${model} applied as revision ${revision}: ${file}\n`)
        .join(''),
    );
}

async function manifestsIn(path: string): Promise<readonly LocalManifest[]> {
  const read = readManifests(path, await readText(path));
  if (read.fault !== undefined) throw new ManifestUnusable(path, read.fault);
  if (read.manifests.length === 0)
    throw new ManifestUnusable(path, 'no document in it is of kind TradingModel');
  return read.manifests;
}
