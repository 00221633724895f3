import { Counter, Gauge, type Histogram, type Registry } from 'prom-client';

import { total, totalOf } from '../../rollout/analysis/counters.ts';
import { populationStability, stabilityAgainst } from '../../rollout/analysis/drift.ts';
import { LATENCY_BOUNDS_MS } from './counters.ts';
import type { GatewayReport } from './revisions-handler.ts';

type Model = GatewayReport['models'][number];
type Revision = Model['revisions'][number];
/** Labels beside model and revision, with the value. */
type Values = readonly (readonly [Readonly<Record<string, string>>, number])[];

/** Bounds of the index are of no interest here. */
const ANY_ALPHA = 0.5;
const TENTHS: readonly number[] = Array.from({ length: 10 }, () => 0.1);

/**
 * What a gateway tells of the revisions of its models, as metrics. Read from its report whenever they are asked for, so a revision that is gone has
 * no series any more.
 */
export function revisionMetrics(registry: Registry, read: () => Pick<GatewayReport, 'models'>): void {
  const report = oncePerTurn(read);
  const each = (told: (labels: Record<string, string>, revision: Revision, model: Model) => void): void => {
    for (const model of report().models)
      for (const revision of model.revisions)
        told({ model: model.model, revision: revision.revision }, revision, model);
  };
  const gauge = (name: string, help: string, of: (revision: Revision, model: Model) => number): void =>
    registry.registerMetric(
      new Gauge({
        ...{ name, help, labelNames: ['model', 'revision'], registers: [] },
        collect() {
          this.reset();
          each((labels, revision, model) => {
            const value = of(revision, model);
            // What nothing is known of has no number.
            if (Number.isFinite(value)) this.set(labels, value);
          });
        },
      }),
    );
  const counter = (
    name: string,
    help: string,
    labelNames: readonly string[],
    of: (revision: Revision) => Values,
  ) =>
    registry.registerMetric(
      new Counter({
        ...{ name, help, labelNames: ['model', 'revision', ...labelNames], registers: [] },
        collect() {
          this.reset();
          each((labels, revision) => {
            for (const [more, value] of of(revision)) this.inc({ ...labels, ...more }, value);
          });
        },
      }),
    );

  gauge(
    'tradewind_revision_weight_ratio',
    'Share of the symbols that a revision answers.',
    ({ weight }) => weight / 100,
  );
  gauge('tradewind_revision_shadow', '1 for a revision that gets copies.', ({ isShadow }) =>
    Number(isShadow),
  );
  gauge(
    'tradewind_revision_usable_predictors',
    'Predictors of a revision that take requests.',
    ({ usablePredictors }) => usablePredictors,
  );
  gauge(
    'tradewind_revision_prediction_psi',
    'Population stability index of the probabilities of a revision against those of the stable one, since both are served.',
    ({ counters }, { revisions: [stable] }) =>
      populationStability(counters.probability, stable?.counters.probability ?? [], ANY_ALPHA).value,
  );
  gauge(
    'tradewind_revision_feature_psi',
    'Population stability index against the training data of the feature that is furthest from it.',
    ({ counters: { features } }) =>
      Math.max(
        Number.NEGATIVE_INFINITY,
        ...Object.values(features)
          .filter((counts) => counts.length === TENTHS.length && total(counts) > 0)
          .map((counts) => stabilityAgainst(counts, TENTHS, ANY_ALPHA).value),
      ),
  );
  counter(
    'tradewind_revision_requests_total',
    'Requests for a revision, copies for a shadow among them: answered, abstained or failed.',
    ['result'],
    ({ counters: { latency, errors, abstentions } }) => [
      [{ result: 'answered' }, total(latency.counts)],
      [{ result: 'abstained' }, totalOf(abstentions)],
      [{ result: 'failed' }, errors],
    ],
  );
  counter(
    'tradewind_revision_fallbacks_total',
    'Answers that the stable revision gave in the place of one that failed.',
    [],
    ({ counters: { fallbacks } }) => [[{}, fallbacks]],
  );
  counter(
    'tradewind_revision_outcomes_total',
    'Predictions of a revision whose outcome is known: right or wrong.',
    ['result'],
    ({ counters: { outcomes } }) => [
      [{ result: 'right' }, outcomes.hits],
      [{ result: 'wrong' }, outcomes.matured - outcomes.hits],
    ],
  );
  counter(
    'tradewind_revision_brier_total',
    'Sum of the squared distances between probability and outcome; over all outcomes, their mean is the Brier score.',
    [],
    ({ counters: { outcomes } }) => [[{}, outcomes.brierSum]],
  );
  registry.registerMetric(latencyHistogram(each));
}

/** A registry asks all of its metrics in one turn of the event loop: what they are all read from is made once for them. */
function oncePerTurn<T>(read: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    if (made === undefined) {
      made = { value: read() };
      queueMicrotask(() => {
        made = undefined;
      });
    }
    return made.value;
  };
}

/** A histogram of what was counted elsewhere, which prom-client has none for: its registry asks a metric for no more than this. */
function latencyHistogram(
  each: (told: (labels: Record<string, string>, revision: Revision) => void) => void,
): Histogram {
  const name = 'tradewind_revision_latency_seconds';
  const help = 'From asking a revision to its answer.';
  const get = () => {
    const values: { value: number; labels: Record<string, string | number>; metricName: string }[] = [];
    each((labels, { counters: { latency, latencySumMs } }) => {
      let count = 0;
      for (const [i, le] of [...LATENCY_BOUNDS_MS.map((ms) => ms / 1000), '+Inf'].entries()) {
        count += latency.counts[i] ?? 0;
        values.push({ value: count, labels: { ...labels, le }, metricName: `${name}_bucket` });
      }
      values.push({ value: latencySumMs / 1000, labels, metricName: `${name}_sum` });
      values.push({ value: count, labels, metricName: `${name}_count` });
    });
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  };
  return { name, help, type: 'histogram', get, reset: () => undefined } as unknown as Histogram;
}
