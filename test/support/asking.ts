import { PredictionService } from '../../proto/gen/tradewind/v1/prediction_pb.ts';
import { createRpcClient } from '../../pkg/rpc/client.ts';
import { predictionOf } from '../../pkg/wire/prediction.ts';

const PAUSE_MS = 20;
const DEADLINE_MS = 10_000;

/** What callers were told. */
export interface Asked {
  readonly answers: number;
  /** Abstentions by reason. */
  readonly abstentions: Readonly<Record<string, number>>;
  /** Calls that failed, by code. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Asks a gateway for predictions by symbol, one after the other, until it is stopped. */
export class Asking {
  readonly #client;
  readonly #symbols: readonly string[];
  readonly #running: Promise<void>;
  #isStopping = false;
  #answers = 0;
  #abstentions: Record<string, number> = {};
  #failures: Record<string, number> = {};
  /** When each symbol was last answered with a prediction, on the monotonic clock. */
  readonly #predicted = new Map<string, number>();

  constructor(address: string, symbols: readonly string[]) {
    this.#client = createRpcClient(PredictionService, address);
    this.#symbols = symbols;
    this.#running = this.#ask();
  }

  /** Whether each symbol was predicted in a call that ended after this time. */
  isPredictedSince(timeMs: number): boolean {
    return this.#symbols.every((symbol) => (this.#predicted.get(symbol) ?? -Infinity) > timeMs);
  }

  /** What was told since the last call of this. */
  take(): Asked {
    const asked = { answers: this.#answers, abstentions: this.#abstentions, failures: this.#failures };
    [this.#answers, this.#abstentions, this.#failures] = [0, {}, {}];
    return asked;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    this.#client.close();
  }

  async #ask(): Promise<void> {
    for (let n = 0; !this.#isStopping; n += 1) {
      const symbol = this.#symbols[n % this.#symbols.length]!;
      try {
        const request = { model: '', input: { case: 'symbol' as const, value: symbol } };
        const { prediction } = await this.#client.call.predict(request, { deadlineMs: DEADLINE_MS });
        this.#count(symbol, predictionOf(prediction!));
      } catch (error) {
        add(this.#failures, (error as { readonly code?: string }).code ?? 'unknown');
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #count(symbol: string, prediction: ReturnType<typeof predictionOf>): void {
    this.#answers += 1;
    if (prediction.recommendation === 'abstain') add(this.#abstentions, prediction.abstainReason);
    if (prediction.recommendation !== 'abstain' || !UNFIT.has(prediction.abstainReason))
      this.#predicted.set(symbol, performance.now());
  }
}

/** Reasons of abstentions that say that there was nothing to predict from. */
const UNFIT: ReadonlySet<string> = new Set([
  'FeaturesUnavailable',
  'FeaturesMissing',
  'FeaturesStale',
  'ModelUnavailable',
]);

function add(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
