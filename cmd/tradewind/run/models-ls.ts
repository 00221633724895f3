import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { type Artifact, MANIFEST_FILE, readArtifact } from '../../../pkg/artifacts/artifact.ts';
import { FileUnreadable } from '../../../pkg/runtime/common-errors.ts';
import { EXIT_CODES, TradewindError } from '../../../pkg/runtime/errors.ts';
import type { ModelsFlags } from '../commands/models.ts';
import { modelVerdict, verdictWords } from '../model-verdict.ts';
import { columns, printJson } from '../output.ts';

/** An artifact that is not what its manifest says. */
interface Damaged {
  readonly directory: string;
  readonly error: TradewindError;
}

/**
 * Lists the artifacts below a folder, whatever stream they belong to. Those that are damaged are told after the others, and the exit code is that of
 * the first.
 *
 * @throws {FileUnreadable} The folder is not there.
 */
export async function listModels({ data, json }: ModelsFlags): Promise<void> {
  const artifacts: Artifact[] = [];
  const damaged: Damaged[] = [];
  for (const directory of await artifactFolders(data)) {
    try {
      artifacts.push(await readArtifact(directory));
    } catch (error) {
      if (!(error instanceof TradewindError)) throw error;
      damaged.push({ directory, error });
    }
  }
  if (json === true) {
    printJson([
      ...artifacts.map(describe),
      ...damaged.map(({ directory, error: { code, message } }) => ({ directory, error: { code, message } })),
    ]);
  } else print(artifacts, data);
  for (const { error } of damaged) process.stderr.write(`tradewind: ${error.code}: ${error.message}\n`);
  const [first] = damaged;
  if (first !== undefined) process.exitCode = EXIT_CODES[first.error.kind];
}

function describe({ directory, manifest, digest }: Artifact) {
  const { name, version, label, training, metrics } = manifest;
  return {
    ...{ name, version, digest, label: label.kind, symbols: training.symbols },
    accuracy: metrics['accuracy'] ?? null,
    baseRate: metrics['baseRate'] ?? null,
    pValue: metrics['pValue'] ?? null,
    ...modelVerdict(manifest),
    directory,
  };
}

function print(artifacts: readonly Artifact[], data: string): void {
  if (artifacts.length === 0) {
    process.stderr.write(`no whole artifact below '${data}'\n`);
    return;
  }
  const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  process.stdout.write(
    columns([
      ['NAME', 'VERSION', 'LABEL', 'SYMBOLS', 'SKILL', 'ACCURACY', 'BASE RATE', 'P', 'FOLDER'],
      ...artifacts
        .map(describe)
        .map((row) => [
          ...[row.name, row.version, row.label, row.symbols.join(','), verdictWords(row)],
          ...[number(row.accuracy), number(row.baseRate), number(row.pValue), row.directory],
        ]),
    ]),
  );
}

/** Folders with a manifest; what begins with a dot is being written. */
async function artifactFolders(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true }).catch((error: unknown) => {
    throw new FileUnreadable(root, error);
  });
  return entries
    .filter((path) => basename(path) === MANIFEST_FILE)
    .map((path) => dirname(path))
    .filter((path) => path === '.' || !path.split('/').some((part) => part.startsWith('.')))
    .map((path) => join(root, path))
    .sort();
}
