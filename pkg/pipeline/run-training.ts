import { CARD_FILE, MODEL_FILE, writeArtifact } from '../artifacts/artifact.ts';
import type { NewManifest } from '../artifacts/manifest.ts';
import { parseBarClock } from '../features/bar-clock.ts';
import { createFeatureEngine, type FeatureSettings } from '../features/engine.ts';
import { parseFeatureHeader, parseFeatureRow } from '../features/csv.ts';
import { readLines } from '../marketdata/sources/replay/lines.ts';
import { openReplay } from '../marketdata/sources/replay/open.ts';
import { createSimulator } from '../marketdata/sources/simulator/simulator.ts';
import type { MarketSource } from '../marketdata/sources/source.ts';
import type { BoosterLibrary } from '../ml/booster.ts';
import { type DatasetRow, rowOfVector } from '../ml/dataset.ts';
import type { Ensemble } from '../ml/ensemble.ts';
import { modelCard } from '../ml/model-card.ts';
import { encodeEnsemble, INPUT_NAME, MEMBERS_NAME, PROBABILITY_NAME } from '../ml/onnx/encode.ts';
import { checkAgreement } from '../ml/onnx/agreement.ts';
import { manifestMetrics, reportJson, type TrainingReport } from '../ml/report.ts';
import { parseTrainingSettings } from '../ml/settings.ts';
import { trainEnsemble } from '../ml/train.ts';
import { VERSION } from '../runtime/version.ts';
import { offlineFeatures } from './offline-features.ts';
import type { TrainingInput, TrainingJob } from './training-job.ts';
import { firstShare, selectTrainingRows, type TrainingRows } from './training-rows.ts';

export const REPORT_FILE = 'report.json';

/** What a finished job leaves behind. */
export interface TrainedArtifact {
  readonly directory: string;
  readonly digest: string;
  readonly version: string;
  readonly report: TrainingReport;
  readonly rows: TrainingRows;
}

export interface TrainingTools {
  readonly xgboost: BoosterLibrary;
  readonly onProgress: (stage: string, done: number, total: number) => void;
}

/** Rows read between two reports of progress. */
const PROGRESS_ROWS = 500;

/** Does a training job whole: features, labels, folds, members, export, agreement, artifact. The same job gives the same digest. */
export async function runTraining(
  job: TrainingJob,
  { xgboost, onProgress }: TrainingTools,
): Promise<TrainedArtifact> {
  const { names, rows: all } = await readRows(job, (done) => onProgress('features', done, done));
  const rows = selectTrainingRows(names, firstShare(all, job.trainShare));
  const settings = parseTrainingSettings({
    ...job.settings,
    label: { kind: job.label, horizonBars: job.horizonBars, costBps: job.costBps },
    folds: job.folds,
    embargoBars: job.embargoBars,
    seed: job.seed,
  });
  const { ensemble, report } = await trainEnsemble(rows.dataset, settings, { xgboost, onProgress });
  onProgress('export', 0, 2);
  const model = encodeEnsemble(ensemble);
  onProgress('export', 1, 2);
  await checkAgreement(ensemble, model, rows.dataset.features);
  onProgress('export', 2, 2);
  const version = versionOf(report);
  const manifest = manifestOf(job, version, ensemble, report, rows);
  const digest = await writeArtifact(job.outDir, manifest, {
    [MODEL_FILE]: model,
    [CARD_FILE]: Buffer.from(
      modelCard(report, {
        name: job.name,
        version,
        featureSet: job.featureSets.toSorted().join('+'),
        bar: job.bar,
      }),
    ),
    [REPORT_FILE]: Buffer.from(reportJson(report)),
  });
  return { directory: job.outDir, digest, version, report, rows };
}

/** Day of the newest label and the start of the data's digest: the same data, the same version. */
function versionOf({ toTimeUs, dataDigest }: TrainingReport): string {
  return `${new Date(toTimeUs / 1000).toISOString().slice(0, 10)}-${dataDigest.slice('sha256:'.length, 'sha256:'.length + 8)}`;
}

function manifestOf(
  job: TrainingJob,
  version: string,
  ensemble: Ensemble,
  report: TrainingReport,
  rows: TrainingRows,
): NewManifest {
  const { featureNames, members } = ensemble;
  return {
    schemaVersion: 1,
    name: job.name,
    version,
    contract: {
      featureSet: job.featureSets.toSorted().join('+'),
      bar: job.bar,
      features: [...featureNames],
      optionalFeatures: [...rows.optionalFeatures],
      inputs: [{ name: INPUT_NAME, datatype: 'FP32', shape: [-1, featureNames.length] }],
      outputs: [
        { name: PROBABILITY_NAME, datatype: 'FP32', shape: [-1, 1] },
        { name: MEMBERS_NAME, datatype: 'FP32', shape: [-1, members.length] },
      ],
    },
    members: members.map(({ name, kind }) => ({ name, kind })),
    label: report.label,
    training: {
      fromTimeUs: report.fromTimeUs,
      toTimeUs: report.toTimeUs,
      rows: report.rows.kept,
      symbols: [...report.symbols],
      dataDigest: report.dataDigest,
      seed: job.seed,
      folds: job.folds,
      purgeBars: job.horizonBars,
      embargoBars: job.embargoBars,
    },
    metrics: manifestMetrics(report),
    warnings: [...report.warnings],
    importance: Object.fromEntries(report.importance.map(({ feature, share }) => [feature, share])),
    codeVersion: VERSION,
  };
}

async function readRows(
  job: TrainingJob,
  onRows: (done: number) => void,
): Promise<{ readonly names: readonly string[]; readonly rows: readonly DatasetRow[] }> {
  const [first] = job.inputs;
  if (first?.kind === 'features') return readFeatureFiles(job.inputs);
  const settings: FeatureSettings = {
    sets: job.featureSets,
    bar: parseBarClock(job.bar),
    ...(job.lookbacks === undefined ? {} : { lookbacks: job.lookbacks }),
    ...(job.allowedLatenessMs === undefined ? {} : { allowedLatenessMs: job.allowedLatenessMs }),
  };
  const rows: DatasetRow[] = [];
  for (const input of job.inputs) {
    const { source, untilUs } = await openInput(input);
    for await (const vectors of offlineFeatures({
      source,
      settings,
      ...(untilUs === undefined ? {} : { untilUs }),
    })) {
      const before = rows.length;
      rows.push(...vectors.map(rowOfVector));
      if (Math.floor(before / PROGRESS_ROWS) !== Math.floor(rows.length / PROGRESS_ROWS)) onRows(rows.length);
    }
  }
  return { names: createFeatureEngine(settings).names, rows };
}

async function openInput(
  input: TrainingInput,
): Promise<{ readonly source: MarketSource; readonly untilUs?: number }> {
  if (input.kind === 'simulator') return { source: createSimulator(input), untilUs: input.untilUs };
  const { file, ...options } = input;
  return { source: await openReplay({ path: file, ...options }) };
}

/**
 * Reads feature files. They carry no prices, but `return_1` tells the path of the close up to a factor, and `mid_price` the mid: all that labels
 * need.
 */
async function readFeatureFiles(
  inputs: readonly TrainingInput[],
): Promise<{ readonly names: readonly string[]; readonly rows: readonly DatasetRow[] }> {
  let names: readonly string[] = [];
  const rows: DatasetRow[] = [];
  for (const { file } of inputs as readonly Extract<TrainingInput, { kind: 'features' }>[]) {
    const closes = new Map<string, number>();
    for await (const { firstLine, lines } of readLines(file)) {
      for (const [i, line] of lines.entries()) {
        const number = firstLine + i;
        if (number === 1) names = parseFeatureHeader(line ?? '');
        else if (line !== undefined && line.trim() !== '') {
          const { timeUs, symbol, values } = parseFeatureRow(line, number, names);
          const step = values[names.indexOf('return_1')] ?? Number.NaN;
          const close = (closes.get(symbol) ?? 1) * (Number.isNaN(step) ? 1 : 1 + step);
          closes.set(symbol, close);
          rows.push({ symbol, timeUs, values, close, mid: values[names.indexOf('mid_price')] ?? Number.NaN });
        }
      }
    }
  }
  return { names, rows };
}
