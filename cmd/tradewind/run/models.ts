import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Artifact, checkContract, readArtifact } from '../../../pkg/artifacts/artifact.ts';
import { readPrivateKey, SIGNATURE_FILE, signManifest } from '../../../pkg/artifacts/signature.ts';
import { type GraphInspection, inspectOnnx } from '../../../pkg/ml/onnx/inspect.ts';
import { writingAt } from '../../../pkg/runtime/writable.ts';
import { storeOfCommand } from '../../service/artifacts.ts';
import type { ModelsFlags, VerifyFlags } from '../commands/models.ts';
import { modelVerdict, verdictText } from '../model-verdict.ts';
import { columns, printJson } from '../output.ts';

const TOP_FEATURES = 15;

/** Shows one artifact. */
export async function inspectModel(dir: string, { json }: Pick<ModelsFlags, 'json'>): Promise<void> {
  const { manifest, digest, graph } = await readAndInspect(dir);
  const said = modelVerdict(manifest);
  if (json === true) {
    printJson({ digest, ...said, manifest, graph });
    return;
  }
  const { contract, training, importance } = manifest;
  const top = Object.entries(importance)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOP_FEATURES);
  process.stdout.write(
    columns([
      ['model', `${manifest.name} ${manifest.version}`],
      ['verdict', verdictText(said)],
      ...said.warnings.map((warning) => ['warning', warning]),
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
        inWords(name),
        value === null ? '-' : String(Number(value.toPrecision(6))),
      ]),
      ['importance', ''],
      ...top.map(([name, share]) => [`  ${name}`, share.toFixed(4)]),
    ]),
  );
}

/** Checks everything that a server would check, the signature too where a key is named; the exit code tells. */
export async function verifyModel(uri: string, { json, key }: VerifyFlags): Promise<void> {
  const { manifest, digest } = await readAndInspect(uri, key);
  const isSigned = key !== undefined;
  if (json === true) {
    printJson({ ok: true, name: manifest.name, version: manifest.version, digest, isSigned });
    return;
  }
  process.stdout.write(`ok ${manifest.name} ${manifest.version} ${digest}${isSigned ? ' signed' : ''}\n`);
}

/** Signs an artifact that is whole: writes the signature over its manifest beside it. */
export async function signModel(directory: string, key: string): Promise<void> {
  const privateKey = await readPrivateKey(key);
  const { manifestBytes, digest } = await readArtifact(directory);
  const path = join(directory, SIGNATURE_FILE);
  await writingAt(path, () => writeFile(path, signManifest(manifestBytes, privateKey)));
  process.stdout.write(`signed ${digest} ${path}\n`);
}

async function readAndInspect(
  uri: string,
  publicKeyFile?: string,
): Promise<Artifact & { readonly graph: GraphInspection }> {
  const store = await storeOfCommand(publicKeyFile);
  const { artifact, release } = await store.open(uri, { signal: new AbortController().signal });
  await release();
  const graph = inspectOnnx(artifact.model);
  checkContract(artifact.manifest, graph);
  return { ...artifact, graph };
}

const iso = (timeUs: number): string => new Date(timeUs / 1000).toISOString();

/** Metrics that are no words in camel case. */
const METRIC_NAMES: Readonly<Record<string, string>> = {
  f1: 'F1',
  rocAuc: 'ROC AUC',
  brier: 'Brier',
  ece: 'ECE',
  rankIc: 'rank IC',
  pValue: 'p-value',
  sharpe: 'Sharpe per period',
  probabilisticSharpe: 'probabilistic Sharpe',
};

/** A metric as the report names it. */
const inWords = (name: string): string =>
  METRIC_NAMES[name] ?? name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
