import {
  advanceWindow,
  type AnalysisWindow,
  countedSince,
  type GatewayReading,
  openWindow,
} from '../rollout/analysis/window.ts';
import type { CountersOfBoth } from '../rollout/analysis/estimate.ts';
import { type ControllersReport, readCounters } from './gateway-report.ts';
import type { TradingModelStatus } from '../tradingmodel/status.ts';

/** The two revisions that an analysis compares. */
export interface AnalysedPair {
  readonly update: string;
  readonly stable: string;
}

/** The analysis that is under way: when it began, and of what; `undefined` where none is. */
export function analysisUnderWay({
  rollout,
  updateRevision,
  stableRevision,
}: TradingModelStatus): { readonly startedAt: string; readonly pair: AnalysedPair } | undefined {
  const startedAt = rollout?.analysis?.startedAt;
  if (startedAt === undefined || updateRevision === undefined || stableRevision === undefined)
    return undefined;
  return { startedAt, pair: { update: updateRevision, stable: stableRevision } };
}

/**
 * What gateways counted since the analysis of each model began, in memory: a controller that is started anew gathers evidence anew,
 * which can delay a verdict and never invent one.
 */
export class AnalysisWindows {
  readonly #windows = new Map<string, AnalysisWindow>();

  /**
   * Takes another reading.
   *
   * @param key - Of the model, with its namespace.
   * @param startedAt - Of the analysis; another one opens a window anew.
   */
  advance(
    key: string,
    startedAt: string,
    model: string,
    pair: AnalysedPair,
    reports: readonly ControllersReport[],
  ): CountersOfBoth {
    const readings = reports.map((report) => readingOf(report, model, pair));
    const known = this.#windows.get(key);
    const window =
      known?.startedAt === startedAt ? advanceWindow(known, readings) : openWindow(startedAt, readings);
    this.#windows.set(key, window);
    return countedSince(window);
  }

  /** Nothing is analysed any more. */
  forget(key: string): void {
    this.#windows.delete(key);
  }
}

function readingOf(
  { gateway, startedUs, models }: ControllersReport,
  model: string,
  { update, stable }: AnalysedPair,
): GatewayReading {
  const revisions = models.find((one) => one.model === model)?.revisions ?? [];
  const countersOf = (name: string) =>
    readCounters(revisions.find(({ revision }) => revision === name)?.counters);
  const [ofUpdate, ofStable] = [countersOf(update), countersOf(stable)];
  return {
    ...{ instance: gateway, startedMs: startedUs / 1000 },
    ...(ofUpdate === undefined ? {} : { update: ofUpdate }),
    ...(ofStable === undefined ? {} : { stable: ofStable }),
  };
}
