import { CARD_FILE, MODEL_FILE, writeArtifact } from '../artifacts/artifact.ts';
import type { NewManifest } from '../artifacts/manifest.ts';
import type { BoosterLibrary } from '../ml/booster.ts';
import { featureDeciles } from '../ml/deciles.ts';
import type { Ensemble } from '../ml/ensemble.ts';
import { modelCard } from '../ml/model-card.ts';
import { checkAgreement } from '../ml/onnx/agreement.ts';
import { encodeEnsemble, INPUT_NAME, MEMBERS_NAME, PROBABILITY_NAME } from '../ml/onnx/encode.ts';
import { manifestMetrics, reportJson, type TrainingReport } from '../ml/report.ts';
import { parseTrainingSettings } from '../ml/settings.ts';
import { trainEnsemble } from '../ml/train.ts';
import { VERSION } from '../runtime/version.ts';
import { readRows } from './read-rows.ts';
import type { TrainingJob } from './training-job.ts';
import { firstShare, selectTrainingRows, type TrainingRows } from './training-rows.ts';

const REPORT_FILE = 'report.json';

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

/** Does a training job whole: features, labels, folds, members, export, agreement, artifact. The same job gives the same digest. */
export async function runTraining(
  job: TrainingJob,
  { xgboost, onProgress }: TrainingTools,
): Promise<TrainedArtifact> {
  // Before the work: settings that are wrong are told at once.
  const settings = parseTrainingSettings(job.settings);
  const { names, inputs } = await readRows(job, settings.label.kind, (done) =>
    onProgress('features', done, done),
  );
  const rows = selectTrainingRows(names, firstShare(inputs, job.trainShare));
  const { ensemble, report } = await trainEnsemble(
    rows.dataset,
    settings,
    { xgboost, onProgress },
    rows.leftOut,
  );
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
      seed: report.seed,
      folds: report.folds.length,
      embargoBars: report.embargoBars,
    },
    metrics: manifestMetrics(report),
    warnings: [...report.warnings],
    importance: Object.fromEntries(report.importance.map(({ feature, share }) => [feature, share])),
    featureDeciles: featureDeciles(rows.dataset),
    codeVersion: VERSION,
  };
}
