import { type Artifact, checkContract, localPath, readArtifact } from '../../../pkg/artifacts/artifact.ts';
import { type GraphInspection, inspectOnnx } from '../../../pkg/ml/onnx/inspect.ts';
import type { ModelsFlags } from '../commands/models.ts';
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
