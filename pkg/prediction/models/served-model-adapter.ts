import type { Manifest } from '../../artifacts/manifest.ts';
import { RowTrace } from '../../inference/row-trace.ts';
import type { ServedModel } from '../../inference/served-model.ts';
import type { ModelOutputs } from '../model-runner.ts';
import type { PredictionModel } from '../model-directory.ts';

/** A served Tradewind model as predictions use it; its graph has been checked against the manifest. */
export function toPredictionModel(served: ServedModel, manifest: Manifest): PredictionModel {
  const probability = served.outputs.findIndex(({ name }) => name === 'probability_up');
  const members = served.outputs.findIndex(({ name }) => name === 'members');
  return predictionModel(
    served,
    manifest,
    (features, rows, expiresMs, span) =>
      new Promise<ModelOutputs>((resolve, reject) => {
        const trace = span === undefined ? undefined : RowTrace.within(span, served, rows);
        served.inferRows!(
          features,
          rows,
          (error, outputs) => {
            trace?.end(error);
            if (error === undefined)
              resolve({ probabilityUp: outputs[probability]!, members: outputs[members]! });
            else reject(error);
          },
          expiresMs,
          trace?.onRun,
        );
      }),
  );
}

/** A model as predictions use it, by its manifest and what runs it, wherever that is. */
export function predictionModel(
  { name, version, digest }: Pick<PredictionModel, 'name' | 'version' | 'digest'>,
  manifest: Manifest,
  infer: PredictionModel['infer'],
): PredictionModel {
  return {
    name,
    version,
    digest,
    featureSet: manifest.contract.featureSet,
    featureNames: manifest.contract.features,
    memberNames: manifest.members.map(({ name }) => name),
    optionalFeatures: new Set(manifest.contract.optionalFeatures),
    trainedFromUs: manifest.training.fromTimeUs,
    trainedToUs: manifest.training.toTimeUs,
    dataDigest: manifest.training.dataDigest,
    codeVersion: manifest.codeVersion,
    importance: manifest.importance,
    metrics: manifest.metrics,
    ...(manifest.warnings === undefined ? {} : { warnings: manifest.warnings }),
    label: manifest.label,
    ...(manifest.featureDeciles === undefined ? {} : { featureDeciles: manifest.featureDeciles }),
    infer,
  };
}
