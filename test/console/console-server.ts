import { openConsole } from '../../pkg/console/console.ts';
import type { ModelStatus } from '../../pkg/console/messages.ts';
import {
  inSampleAt,
  MODEL_DIGEST,
  predictionAt,
  quoteAt,
  vectorAt,
} from '../../pkg/console/console.testing.ts';
import type { PredictionModel } from '../../pkg/prediction/model-directory.ts';
import type { Prediction } from '../../pkg/prediction/prediction.ts';
import { Scorecard } from '../../pkg/prediction/scorecard/scorecard.ts';
import { systemClock } from '../../pkg/runtime/clock.ts';
import { createLogger } from '../../pkg/runtime/logger.ts';
import { createMetrics } from '../../pkg/runtime/metrics.ts';
import { OpsServer } from '../../pkg/runtime/ops-server.ts';

/** A console over a market that the test moves by hand. */
export interface ConsoleServer {
  readonly port: number;
  /** One quote and one bar of a symbol with a prediction of `probabilityUp`, or an abstention. */
  bar(symbol: string, price: number, probabilityUp?: number): void;
  /** One bar that the model abstains from, as it is in its training window. */
  trainedBar(symbol: string, price: number): void;
  /** Makes a model serve; without changes, one without skill. */
  serveModel(changes?: Partial<PredictionModel>): void;
  /** Makes the training of the first model fail. */
  failTraining(reason: string): void;
  stop(): Promise<void>;
}

const START_US = Date.UTC(2026, 0, 5, 14, 30) * 1000;
const FEATURES = ['return_1', 'rsi_14'];

const MODEL: PredictionModel = {
  ...{ name: 'direction', version: '2026-01-05', digest: MODEL_DIGEST, featureSet: 'core-v1' },
  ...{ featureNames: FEATURES, memberNames: ['boosted', 'linear'], optionalFeatures: new Set<string>() },
  ...{ trainedFromUs: START_US - 3600e6, trainedToUs: START_US, dataDigest: `sha256:${'cd'.repeat(32)}` },
  codeVersion: '0.0.0',
  importance: { return_1: 0.7, rsi_14: 0.3 },
  metrics: { accuracy: 0.51, baseRate: 0.52, pValue: 0.4, logLoss: 0.7, upShare: 0.52, netReturn: 0.005212 },
  warnings: ['Trading on these probabilities earns nothing after costs.'],
  label: { kind: 'next-return', horizonBars: 1, costBps: 0, upSigmas: 1, downSigmas: 1, sigmaBars: 20 },
  infer: () => Promise.reject(new Error('the console must ask no model')),
};

/** Starts one. @param port - 0 picks a free one. */
export async function startConsole(port = 0): Promise<ConsoleServer> {
  const models: PredictionModel[] = [];
  let modelStatus: ModelStatus = { isTraining: true, text: 'boosted, 40 %' };
  const scorecard = new Scorecard({
    labelOf: (digest) => models.find((model) => model.digest === digest)?.label,
  });
  const { observer, handler, close } = await openConsole({
    clock: systemClock,
    liveFromUs: 0,
    models: () => models.map((model) => ({ model })),
    modelStatus: () => modelStatus,
    scores: () => scorecard.scores(),
    about: {
      ...{ version: '0.0.0', source: 'a market moved by hand' },
      ...{ buyAbove: 0.6, holdAbove: 0.4 },
      features: FEATURES.map((name) => ({ name, set: 'core-v1', description: `what ${name} says` })),
    },
  });
  const logger = createLogger({ level: 'silent', isReadable: false, onProblem: () => undefined });
  const http = new OpsServer({ host: '127.0.0.1', port, registry: createMetrics().registry, logger });
  http.use(handler);
  const listening = await http.start();
  let bars = 0;
  const onBar = (symbol: string, price: number, predict: (timeUs: number) => Prediction): void => {
    bars += 1;
    const timeUs = START_US + bars * 1_000_000;
    observer.onEvent?.(quoteAt(symbol, timeUs, price));
    const vector = vectorAt(symbol, timeUs, price);
    observer.onVector?.(vector, 0.4);
    const prediction = predict(timeUs);
    scorecard.onPrediction(prediction, 1.5, vector);
    observer.onPrediction?.(prediction, 1.5, vector);
  };
  return {
    port: listening,
    serveModel: (changes = {}) => {
      models.push({ ...MODEL, ...changes });
      modelStatus = { isTraining: false, text: '' };
    },
    failTraining: (text) => {
      modelStatus = { isTraining: false, text };
    },
    bar: (symbol, price, probabilityUp) =>
      onBar(symbol, price, (timeUs) => predictionAt(symbol, timeUs, probabilityUp)),
    trainedBar: (symbol, price) => onBar(symbol, price, (timeUs) => inSampleAt(symbol, timeUs)),
    async stop() {
      close();
      await http.stop();
    },
  };
}
