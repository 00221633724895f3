import { addCounters, diffCounters, isReset, NO_COUNTERS, type RevisionCounters } from './counters.ts';
import type { CountersOfBoth } from './estimate.ts';

/** What one gateway says of the two revisions that are compared; a revision that it does not know is left out. */
export interface GatewayReading {
  /** New for each start of the process. */
  readonly instance: string;
  /** When its process started, Unix milliseconds. */
  readonly startedMs: number;
  readonly update?: RevisionCounters;
  readonly stable?: RevisionCounters;
}

interface GatewaySpan {
  readonly base: CountersOfBoth;
  readonly last: CountersOfBoth;
}

/**
 * What all gateways counted since an analysis began. Plain data, so it can be kept in memory or written down; a controller that lost it opens
 * another and gathers evidence anew.
 */
export interface AnalysisWindow {
  /** `status.rollout.analysis.startedAt` of the analysis. */
  readonly startedAt: string;
  /** By instance; those that ended keep what they had counted. */
  readonly gateways: Readonly<Record<string, GatewaySpan>>;
  /** What was counted before an instance's counters fell. */
  readonly carried: CountersOfBoth;
}

const NOTHING: CountersOfBoth = { update: NO_COUNTERS, stable: NO_COUNTERS };

/**
 * A window at its beginning: what processes that ran before the analysis have counted so far is not part of it.
 *
 * @param startedAt - Of the analysis; earlier than now where a controller opens a window again.
 */
export function openWindow(startedAt: string, readings: readonly GatewayReading[]): AnalysisWindow {
  const gateways = readings.map((reading) => [reading.instance, firstSpan(startedAt, reading)] as const);
  return { startedAt, gateways: Object.fromEntries(gateways), carried: NOTHING };
}

/** The window after more was read. Readings may come in any order of gateways, and may miss some. */
export function advanceWindow(window: AnalysisWindow, readings: readonly GatewayReading[]): AnalysisWindow {
  const gateways: Record<string, GatewaySpan> = { ...window.gateways };
  let { carried } = window;
  for (const { instance, ...reading } of readings) {
    const span = gateways[instance];
    if (span === undefined) {
      gateways[instance] = firstSpan(window.startedAt, { instance, ...reading });
      continue;
    }
    const last = bothOf(reading, span.last);
    if (isReset(last.update, span.last.update) || isReset(last.stable, span.last.stable)) {
      carried = addBoth(carried, countedIn(span));
      gateways[instance] = { base: NOTHING, last };
    } else {
      gateways[instance] = { base: span.base, last };
    }
  }
  return { ...window, gateways, carried };
}

/** What was counted over all gateways since the window opened. */
export function countedSince({ gateways, carried }: AnalysisWindow): CountersOfBoth {
  return Object.keys(gateways)
    .toSorted()
    .reduce((sum, instance) => addBoth(sum, countedIn(gateways[instance]!)), carried);
}

/** All of a process that is younger than the analysis; of one that may have counted anything before, only what is still to come. */
function firstSpan(startedAt: string, reading: GatewayReading): GatewaySpan {
  const last = bothOf(reading, NOTHING);
  return { base: reading.startedMs >= Date.parse(startedAt) ? NOTHING : last, last };
}

function bothOf(
  { update, stable }: Pick<GatewayReading, 'update' | 'stable'>,
  otherwise: CountersOfBoth,
): CountersOfBoth {
  return { update: update ?? otherwise.update, stable: stable ?? otherwise.stable };
}

function countedIn({ base, last }: GatewaySpan): CountersOfBoth {
  return {
    update: diffCounters(last.update, base.update),
    stable: diffCounters(last.stable, base.stable),
  };
}

function addBoth(a: CountersOfBoth, b: CountersOfBoth): CountersOfBoth {
  return { update: addCounters(a.update, b.update), stable: addCounters(a.stable, b.stable) };
}
