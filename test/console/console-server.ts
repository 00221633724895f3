import { openConsole } from '../../pkg/console/console.ts';
import type { FeatureVector } from '../../pkg/features/feature-vector.ts';
import type { PredictionModel } from '../../pkg/prediction/model-directory.ts';
import type { Prediction } from '../../pkg/prediction/prediction.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';

/** A console over a market that the test moves by hand. */
export interface ConsoleServer {
  readonly port: number;
  /** One quote and one bar of a symbol with a prediction of `probabilityUp`, or an abstention. */
  bar(symbol: string, price: number, probabilityUp?: number): void;
  /** Makes a model serve. */
  serveModel(): void;
  stop(): Promise<void>;
}

const START_US = Date.UTC(2026, 0, 5, 14, 30) * 1000;
const FEATURES = ['return_1', 'rsi_14'];
const MEMBERS = ['boosted', 'linear'];
const DIGEST = `sha256:${'ab'.repeat(32)}`;

const MODEL = {
  name: 'direction',
  version: '2026-01-05',
  digest: DIGEST,
  featureSet: 'core-v1',
  featureNames: FEATURES,
  memberNames: MEMBERS,
  optionalFeatures: new Set<string>(),
  trainedFromUs: START_US - 3600e6,
  trainedToUs: START_US,
  dataDigest: `sha256:${'cd'.repeat(32)}`,
  codeVersion: '0.0.0',
  importance: { return_1: 0.7, rsi_14: 0.3 },
  metrics: { accuracy: 0.51, baseRate: 0.52, pValue: 0.4, logLoss: 0.7, upShare: 0.52 },
} as unknown as PredictionModel;

/** Starts one. @param port - 0 picks a free one. */
export async function startConsole(port = 0): Promise<ConsoleServer> {
  const models: PredictionModel[] = [];
  const { observer, handler, close } = await openConsole({
    clock: systemClock,
    latencyFromUs: 0,
    models: () => models,
    about: {
      ...{ version: '0.0.0', source: 'a market moved by hand', trainsModel: true },
      ...{ buyAbove: 0.6, holdAbove: 0.4 },
      features: FEATURES.map((name) => ({ name, set: 'core-v1', description: `what ${name} says` })),
    },
  });
  const logger = createLogger({ level: 'silent', isReadable: false, onProblem: () => undefined });
  const http = new OpsServer({ host: '127.0.0.1', port, registry: createMetrics().registry, logger });
  http.use(handler);
  const listening = await http.start();
  let bars = 0;
  return {
    port: listening,
    serveModel: () => models.push(MODEL),
    bar(symbol, price, probabilityUp) {
      bars += 1;
      const timeUs = START_US + bars * 1_000_000;
      const spread = { bidPrice: price - 0.25, bidSize: 3, askPrice: price + 0.25, askSize: 4 };
      const base = { source: 'test', symbol, sequence: bars, eventTimeUs: timeUs, receiveTimeUs: timeUs };
      observer.onEvent?.({ kind: 'quote', ...base, ...spread });
      observer.onEvent?.({ kind: 'trade', ...base, price, size: 1 });
      observer.onVector?.(vectorOf(symbol, timeUs, price), 0.4);
      observer.onPrediction?.(predictionOf(symbol, timeUs, probabilityUp), 1.5);
    },
    async stop() {
      close();
      await http.stop();
    },
  };
}

function vectorOf(symbol: string, timeUs: number, price: number): FeatureVector {
  return {
    ...{ symbol, featureSet: 'core-v1', timeUs, knownTimeUs: timeUs, offset: 1 },
    values: Float64Array.of(price / 1e5, Number.NaN),
    bar: {
      ...{ symbol, startTimeUs: timeUs - 1_000_000, endTimeUs: timeUs },
      ...{ open: price, high: price, low: price, close: price },
      ...{ volume: 1, buyVolume: 1, sellVolume: 0, tradeCount: 1, quoteCount: 1 },
      ...{ bidPrice: price - 0.25, bidSize: 3, askPrice: price + 0.25, askSize: 4 },
    },
  };
}

function predictionOf(symbol: string, timeUs: number, probabilityUp: number | undefined): Prediction {
  const base = {
    ...{ model: 'direction', version: '2026-01-05', modelDigest: DIGEST, symbol, inputsHash: '' },
    ...{
      featureTimeUs: timeUs,
      featureOffset: 1,
      isFromCache: false,
      latencyUs: 10,
      predictedTimeUs: timeUs,
    },
  };
  if (probabilityUp === undefined)
    return { ...base, recommendation: 'abstain', abstainReason: 'ModelUnavailable' };
  return {
    ...base,
    recommendation: probabilityUp >= 0.6 ? 'buy' : probabilityUp >= 0.4 ? 'hold' : 'sell',
    ...{ probabilityUp, adjustedProbability: probabilityUp, signalStrength: 'weak', riskScore: 0.01 },
    ...{ confidence: Math.max(probabilityUp, 1 - probabilityUp), disagreement: 0.02 },
    members: [probabilityUp + 0.02, probabilityUp - 0.02],
  };
}
