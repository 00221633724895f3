import { describe, expect, it } from 'vitest';

import type { FeatureVector } from '../features/feature-vector.ts';
import type { MarketEvent } from '../marketdata/events.ts';
import type { Prediction } from '../prediction/prediction.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { systemClock } from '../runtime/clock.ts';
import { metricsObserver } from './metrics-observer.ts';
import { RunStatistics } from './statistics.ts';

const LIVE_FROM_US = 1_000;
const event = (kind: 'quote' | 'heartbeat'): MarketEvent => ({
  ...{ kind, source: 's', symbol: 'ES', sequence: 1, eventTimeUs: 1, receiveTimeUs: 1 },
  ...{ bidPrice: 1, bidSize: 1, askPrice: 2, askSize: 1 },
});
const vector = (timeUs: number): FeatureVector => ({
  ...{ symbol: 'ES', featureSet: 'core-v1', timeUs, knownTimeUs: timeUs, offset: 0 },
  values: Float64Array.of(),
  bar: {
    ...{ symbol: 'ES', startTimeUs: timeUs - 1, endTimeUs: timeUs, open: 1, high: 1, low: 1, close: 1 },
    ...{ volume: 0, buyVolume: 0, sellVolume: 0, tradeCount: 0, quoteCount: 1 },
    ...{ bidPrice: 1, bidSize: 1, askPrice: 1, askSize: 1 },
  },
});
const abstention = (featureTimeUs: number): Prediction => ({
  ...{
    model: '',
    version: '',
    modelDigest: '',
    revision: '',
    symbol: 'ES',
    inputsHash: '',
    isFromCache: false,
  },
  ...{ featureTimeUs, featureOffset: 0, latencyUs: 1, predictedTimeUs: 1 },
  ...{ recommendation: 'abstain', abstainReason: 'ModelUnavailable' },
});
const prediction = (featureTimeUs: number, recommendation: 'buy' | 'sell'): Prediction => ({
  ...abstention(featureTimeUs),
  ...{ model: 'm', recommendation, probabilityUp: 0.5, adjustedProbability: 0.5, confidence: 0.5 },
  ...{ disagreement: 0, riskScore: 0, signalStrength: 'weak', members: [] },
});

describe('the statistics of a run', () => {
  it('tell what this process did beside what was counted since the first start', () => {
    const first = new RunStatistics();
    first.onEvent(event('quote'));
    first.onVector(vector(1), 1);
    const second = new RunStatistics(first.state());
    for (let i = 0; i < 2; i += 1) second.onEvent(event('quote'));
    second.onPrediction(prediction(1, 'buy'), 1);
    expect(second.summary()).toMatchObject({
      ...{ events: { quotes: 3 }, bars: 1, predictions: 1 },
      thisRun: { events: 2, bars: 0, predictions: 1 },
    });
  });

  it('call an abstention over the past warm-up, and one of the live stream a want of a model', () => {
    const statistics = new RunStatistics(undefined, LIVE_FROM_US);
    statistics.onPrediction(abstention(LIVE_FROM_US - 1), 1);
    statistics.onPrediction(abstention(LIVE_FROM_US), 1);
    expect(statistics.summary().abstentions).toEqual({ ModelUnavailable: 1, WarmUp: 1 });
    const replay = new RunStatistics();
    replay.onPrediction(abstention(1), 1);
    expect(replay.summary().abstentions).toEqual({ ModelUnavailable: 1 });
  });

  it('tell latencies of each stage, of the live stream alone', () => {
    const statistics = new RunStatistics(undefined, LIVE_FROM_US);
    for (const timeUs of [LIVE_FROM_US - 1, LIVE_FROM_US]) {
      const isLive = timeUs >= LIVE_FROM_US;
      statistics.onVector(vector(timeUs), isLive ? 2 : 9000);
      statistics.onPrediction(prediction(timeUs, 'buy'), isLive ? 5 : 9000);
    }
    statistics.onVector(vector(LIVE_FROM_US + 1), 4);
    const { tickToFeatures, tickToPrediction } = statistics.summary().latency;
    expect(tickToFeatures).toMatchObject({ count: 2, maxMs: 4 });
    expect(tickToFeatures.p50Ms).toBeCloseTo(2, 1);
    expect(tickToPrediction).toMatchObject({ count: 1, maxMs: 5 });
    expect(tickToPrediction.p99Ms).toBeCloseTo(5, 1);
  });

  it('tell their counts by name, whatever came first', () => {
    const statistics = new RunStatistics();
    for (const kind of ['quote', 'heartbeat'] as const) statistics.onEvent(event(kind));
    for (const side of ['sell', 'buy'] as const) statistics.onPrediction(prediction(1, side), 1);
    const { events, recommendations } = statistics.summary();
    expect(Object.keys(events)).toEqual(['heartbeats', 'quotes']);
    expect(Object.keys(recommendations)).toEqual(['buy', 'sell']);
  });
});

it('latencies on /metrics are of the live stream alone, counts of all', async () => {
  const metrics = createMetrics();
  const observer = metricsObserver(metrics, systemClock, LIVE_FROM_US);
  for (const timeUs of [LIVE_FROM_US - 1, LIVE_FROM_US]) {
    observer.onVector?.(vector(timeUs), 500);
    observer.onPrediction?.(prediction(timeUs, 'buy'), 500, vector(timeUs));
  }
  const text = await metrics.registry.metrics();
  expect(text).toContain('tradewind_feature_latency_seconds_count 1\n');
  expect(text).toContain('tradewind_feature_latency_seconds_sum 0.5\n');
  expect(text).toContain('tradewind_prediction_latency_seconds_sum{model="m"} 0.5\n');
  expect(text).toContain('tradewind_prediction_latency_seconds_count{model="m"} 1\n');
  expect(text).toContain('tradewind_predictions_total{model="m",recommendation="buy"} 2\n');
});
