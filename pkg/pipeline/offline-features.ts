import { createFeatureEngine, type FeatureSettings } from '../features/engine.ts';
import type { FeatureVector } from '../features/feature-vector.ts';
import type { Quarantined } from '../marketdata/events.ts';
import type { EventItem, MarketSource } from '../marketdata/sources/source.ts';
import { Validator } from '../marketdata/validate.ts';
import { rejected } from './rejected.ts';
import { atPlace, sourcePlace } from './source-place.ts';
import type { PipelineObserver } from './observer.ts';

export interface OfflineFeaturesOptions {
  readonly source: MarketSource;
  readonly settings: FeatureSettings;
  /** Stop before the first event after this time, UTC microseconds. */
  readonly untilUs?: number;
  readonly observer?: Pick<PipelineObserver, 'onEvent' | 'onQuarantined'>;
  readonly signal?: AbortSignal;
}

/**
 * Features of a bounded stream with no log in between: the same validation and the same engine as live, so the same
 * vectors. Item positions stand for log offsets.
 */
export async function* offlineFeatures(
  options: OfflineFeaturesOptions,
): AsyncGenerator<readonly FeatureVector[]> {
  const { source, settings, untilUs = Number.POSITIVE_INFINITY, observer = {}, signal } = options;
  const validator = new Validator();
  const engine = createFeatureEngine(settings);
  const tell = (notice: Quarantined, item: EventItem): void =>
    observer.onQuarantined?.(atPlace(notice, sourcePlace(source, item), item.event.kind));
  for await (const items of source.read(signal === undefined ? {} : { signal })) {
    const vectors: FeatureVector[] = [];
    for (const item of items) {
      if (!('event' in item)) {
        observer.onQuarantined?.(item.quarantined);
        continue;
      }
      if (item.event.eventTimeUs > untilUs) {
        if (vectors.length > 0) yield vectors;
        return;
      }
      const verdict = validator.check(item.event);
      if (verdict.notice !== undefined) tell(verdict.notice, item);
      if (!verdict.isAccepted) continue;
      observer.onEvent?.(item.event);
      const outputs = engine.step(item.event, item.position);
      vectors.push(...outputs.vectors);
      for (const { event, reason } of outputs.rejected)
        tell(rejected(event, reason, `${event.source}#${event.sequence}`), item);
    }
    if (vectors.length > 0) yield vectors;
  }
  const rest = engine.flush().vectors;
  if (rest.length > 0) yield rest;
}
