import type { TestGateway } from './test-gateway.ts';

const TICK_MS = 4;
/** Callers: a moment in which the machine stands still is not made up for at once. */
const MAX_UNDER_WAY = 64;
export const PER_SECOND = 220;
/** The longest that any test takes. */
const AT_MOST_SECONDS = 400;

/** What became of the predictions that were asked for. */
export interface LoadReport {
  readonly answered: number;
  /** Sent each second, over the whole time. */
  readonly perSecond: number;
  readonly failures: readonly string[];
  /** By symbol: revisions that answered, in the order of sending, each once for every change. */
  readonly revisions: ReadonlyMap<string, readonly string[]>;
  /** Where a symbol went back to a revision that it had left while the traffic was the same: `symbol generation: revisions`. */
  readonly flips: readonly string[];
}

export interface PredictionLoad {
  readonly answered: () => number;
  /** Ends it and waits for what is under way. */
  stop(): Promise<LoadReport>;
}

interface Answer {
  readonly symbol: string;
  /** Of the traffic when it was asked for. */
  readonly generation: number;
  revision?: string;
}

/**
 * Asks a gateway for so many predictions each second, of one symbol of a model after the other, by up to 64 callers; ends by itself. Begins when
 * the model can first be asked, and rests while it has no traffic.
 */
export function startPredictionLoad(gateway: TestGateway, model: string): PredictionLoad {
  const { service, directory } = gateway;
  const answers: Answer[] = [];
  const failures: string[] = [];
  const underWay = new Set<Promise<void>>();
  let answered = 0;
  let activeMs = 0;
  let lastMs = performance.now();
  let featureNames: readonly string[] | undefined;

  const send = (symbols: readonly string[], generation: number): void => {
    const i = answers.length;
    const answer: Answer = { symbol: symbols[i % symbols.length]!, generation };
    answers.push(answer);
    const features = new Map(featureNames!.map((name, k) => [name, Math.sin(i + k)]));
    const asked = service.predict({ model, features, label: answer.symbol }).then(
      ({ revision }) => {
        answered += 1;
        answer.revision = revision;
      },
      (error: unknown) =>
        void failures.push(`${generation}: ${String((error as { code?: string }).code ?? error)}`),
    );
    const tracked: Promise<void> = asked.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  const timer = setInterval(() => {
    const traffic = gateway.traffic(model);
    const nowMs = performance.now();
    featureNames ??= directory.list().find(({ name }) => name === model)?.featureNames;
    if (featureNames !== undefined && traffic?.targets.some(({ weight }) => weight > 0) === true) {
      activeMs += nowMs - lastMs;
      while (answers.length < (activeMs / 1000) * PER_SECOND && underWay.size < MAX_UNDER_WAY)
        send(traffic.symbols, traffic.generation);
    }
    lastMs = nowMs;
    if (activeMs > AT_MOST_SECONDS * 1000) clearInterval(timer);
  }, TICK_MS);
  return {
    answered: () => answered,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      return {
        ...{ answered, failures, perSecond: answers.length / (activeMs / 1000) },
        revisions: changesBy(answers, ({ symbol }) => symbol),
        flips: flipsOf(answers),
      };
    },
  };
}

/** Revisions in the order of sending, each once for every change. */
function changesBy(
  answers: readonly Answer[],
  keyOf: (answer: Answer) => string,
): ReadonlyMap<string, readonly string[]> {
  const changes = new Map<string, string[]>();
  for (const answer of answers) {
    const key = keyOf(answer);
    const list = changes.get(key) ?? [];
    changes.set(key, list);
    if (answer.revision !== undefined && list.at(-1) !== answer.revision) list.push(answer.revision);
  }
  return changes;
}

/** One change is how a new revision begins: until a predictor of it is reached, the stable one answers. */
function flipsOf(answers: readonly Answer[]): readonly string[] {
  const byStep = changesBy(answers, ({ symbol, generation }) => `${symbol} ${generation}`);
  return [...byStep].filter(([, list]) => list.length > 2).map(([key, list]) => `${key}: ${list.join(' ')}`);
}
