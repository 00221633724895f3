import type { GatewayReport } from '../prediction/traffic/revisions-handler.ts';
import {
  advanceWindow,
  type AnalysisWindow,
  countedSince,
  type GatewayReading,
  openWindow,
} from '../rollout/analysis/window.ts';
import type { CountersOfBoth } from '../rollout/analysis/estimate.ts';

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
    pair: { readonly update: string; readonly stable: string },
    reports: readonly GatewayReport[],
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
  { gateway, startedUs, models }: GatewayReport,
  model: string,
  { update, stable }: { readonly update: string; readonly stable: string },
): GatewayReading {
  const revisions = models.find((one) => one.model === model)?.revisions ?? [];
  const countersOf = (name: string) => revisions.find(({ revision }) => revision === name)?.counters;
  const [ofUpdate, ofStable] = [countersOf(update), countersOf(stable)];
  return {
    ...{ instance: gateway, startedMs: startedUs / 1000 },
    ...(ofUpdate === undefined ? {} : { update: ofUpdate }),
    ...(ofStable === undefined ? {} : { stable: ofStable }),
  };
}
