import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type Artifact,
  checkContract,
  localPath,
  MANIFEST_FILE,
  readArtifact,
} from '../../../pkg/artifacts/artifact.ts';
import { type GraphInspection, inspectOnnx } from '../../../pkg/ml/onnx/inspect.ts';
import type { ModelsFlags } from '../commands/models.ts';
import { columns, printJson } from '../output.ts';

const TOP_FEATURES = 15;

/** Lists the artifacts below a folder, whatever stream they belong to. */
export async function listModels({ data, json }: ModelsFlags): Promise<void> {
  const artifacts: Artifact[] = [];
  for (const directory of await artifactFolders(data)) artifacts.push(await readArtifact(directory));
  const rows = artifacts.map(({ directory, manifest, digest }) => ({
    name: manifest.name,
    version: manifest.version,
    digest,
    label: manifest.label.kind,
    symbols: manifest.training.symbols,
    accuracy: manifest.metrics['accuracy'] ?? null,
    baseRate: manifest.metrics['baseRate'] ?? null,
    pValue: manifest.metrics['pValue'] ?? null,
    directory,
  }));
  if (json === true) {
    printJson(rows);
    return;
  }
  if (rows.length === 0) process.stderr.write(`no artifact below '${data}'\n`);
  const number = (value: number | null): string => (value === null ? '-' : value.toFixed(3));
  process.stdout.write(
    columns([
      ['NAME', 'VERSION', 'LABEL', 'SYMBOLS', 'ACCURACY', 'BASE RATE', 'P', 'FOLDER'],
      ...rows.map((row) => [
        row.name,
        row.version,
        row.label,
        row.symbols.join(','),
        number(row.accuracy),
        number(row.baseRate),
        number(row.pValue),
        row.directory,
      ]),
    ]),
  );
}

/** Shows one artifact. */
export async function inspectModel(dir: string, { json }: Pick<ModelsFlags, 'json'>): Promise<void> {
  const { manifest, digest, graph } = await readAndInspect(dir);
  if (json === true) {
    printJson({ digest, manifest, graph });
    return;
  }
  const { contract, training, importance } = manifest;
  const top = Object.entries(importance)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOP_FEATURES);
  process.stdout.write(
    columns([
      ['model', `${manifest.name} ${manifest.version}`],
      ['digest', digest],
      ['features', `${contract.features.length} of ${contract.featureSet} on ${contract.bar}`],
      ['optional', contract.optionalFeatures.join(', ') || 'none'],
      ['members', manifest.members.map(({ name }) => name).join(', ')],
      [
        'label',
        `${manifest.label.kind}, horizon ${manifest.label.horizonBars} bars, cost ${manifest.label.costBps} bps`,
      ],
      [
        'trained on',
        `${training.rows} rows of ${training.symbols.join(', ')}, ${iso(training.fromTimeUs)} to ${iso(training.toTimeUs)}`,
      ],
      ['data', training.dataDigest],
      [
        'graph',
        `${graph.nodes} nodes, ${graph.bytes} bytes, operators ${Object.keys(graph.operators).join(', ')}`,
      ],
      ['made by', `Tradewind ${manifest.codeVersion}, seed ${training.seed}`],
      ...Object.entries(manifest.metrics).map(([name, value]) => [
        name,
        value === null ? '-' : String(Number(value.toPrecision(6))),
      ]),
      ['importance', ''],
      ...top.map(([name, share]) => [`  ${name}`, share.toFixed(4)]),
    ]),
  );
}

/** Checks everything that a server would check; the exit code tells. */
export async function verifyModel(dir: string, { json }: Pick<ModelsFlags, 'json'>): Promise<void> {
  const { manifest, digest } = await readAndInspect(dir);
  if (json === true) printJson({ ok: true, name: manifest.name, version: manifest.version, digest });
  else process.stdout.write(`ok ${manifest.name} ${manifest.version} ${digest}\n`);
}

async function readAndInspect(dir: string): Promise<Artifact & { readonly graph: GraphInspection }> {
  const artifact = await readArtifact(localPath(dir));
  const graph = inspectOnnx(artifact.model);
  checkContract(artifact.manifest, graph);
  return { ...artifact, graph };
}

async function artifactFolders(root: string): Promise<readonly string[]> {
  if (!existsSync(root)) return [];
  const entries = await readdir(root, { recursive: true });
  return entries
    .filter((path) => path.endsWith(MANIFEST_FILE))
    .map((path) => join(root, path, '..'))
    .sort();
}

const iso = (timeUs: number): string => new Date(timeUs / 1000).toISOString();
