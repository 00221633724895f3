import type { ModelRoutes } from '../../../pkg/prediction/routes.ts';
import { Scorecard, type ScorecardState } from '../../../pkg/prediction/scorecard/scorecard.ts';
import type { Metrics } from '../../../pkg/runtime/metrics.ts';

/** The scorecard of the models of a process, with every outcome counted. @param kept - From a checkpoint. */
export function openScorecard(
  models: Pick<ModelRoutes, 'list'>,
  metrics: Metrics,
  kept: ScorecardState | undefined,
): Scorecard {
  return new Scorecard(
    {
      labelOf: (digest) => models.list().find((model) => model.digest === digest)?.label,
      onOutcome: (model, { result, brier, logLoss }) => {
        metrics.predictionOutcomes.inc({ model, outcome: result });
        if (result !== 'right' && result !== 'wrong') return;
        metrics.predictionBrier.inc({ model }, brier);
        metrics.predictionLogLoss.inc({ model }, logLoss);
      },
    },
    kept,
  );
}
