import type { PredictionService } from '../../pkg/prediction/service.ts';

const TICK_MS = 4;
/** Callers: a moment in which the machine stands still is not made up for at once. */
const MAX_UNDER_WAY = 64;

/** What became of the predictions that were asked for. */
export interface LoadReport {
  readonly answered: number;
  /** Sent each second, over the whole time. */
  readonly perSecond: number;
  readonly failures: readonly string[];
  /** By symbol: revisions that answered, in the order of sending, each once for every change. */
  readonly revisions: ReadonlyMap<string, readonly string[]>;
}

export interface PredictionLoad {
  readonly answered: () => number;
  /** Ends it and waits for what is under way. */
  stop(): Promise<LoadReport>;
}

/** Asks for so many predictions each second, of one symbol after the other, by up to 64 callers; ends by itself. */
export function startPredictionLoad(
  service: PredictionService,
  {
    model,
    symbols,
    featureNames,
    perSecond,
    atMostSeconds,
  }: {
    readonly model: string;
    readonly symbols: readonly string[];
    readonly featureNames: readonly string[];
    readonly perSecond: number;
    readonly atMostSeconds: number;
  },
): PredictionLoad {
  const answers: { readonly symbol: string; revision?: string }[] = [];
  const failures: string[] = [];
  const underWay = new Set<Promise<void>>();
  const startedMs = performance.now();
  let answered = 0;
  let endedMs: number | undefined;
  const send = (): void => {
    const i = answers.length;
    const answer: { readonly symbol: string; revision?: string } = { symbol: symbols[i % symbols.length]! };
    answers.push(answer);
    const features = new Map(featureNames.map((name, k) => [name, Math.sin(i + k)]));
    const asked = service.predict({ model, features, label: answer.symbol }).then(
      ({ revision }) => {
        answered += 1;
        answer.revision = revision;
      },
      (error: unknown) => void failures.push(String((error as { code?: string }).code ?? error)),
    );
    const tracked: Promise<void> = asked.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs > atMostSeconds * 1000) end();
    else while (answers.length < (elapsedMs / 1000) * perSecond && underWay.size < MAX_UNDER_WAY) send();
  }, TICK_MS);
  const end = (): void => {
    clearInterval(timer);
    endedMs ??= performance.now();
  };
  return {
    answered: () => answered,
    stop: async () => {
      end();
      await Promise.all(underWay);
      const revisions = new Map<string, string[]>(symbols.map((symbol) => [symbol, []]));
      for (const { symbol, revision } of answers) {
        const list = revisions.get(symbol)!;
        if (revision !== undefined && list.at(-1) !== revision) list.push(revision);
      }
      const seconds = ((endedMs ?? startedMs) - startedMs) / 1000;
      return { answered, perSecond: answers.length / seconds, failures, revisions };
    },
  };
}
