import type { ClosedBar } from './feature-vector.ts';
import { LOSS, SQUARES, startMomentsAnew, TOTAL, twoPasses } from './moments.ts';
import { createRows, type Rows, rowBefore } from './rows.ts';

/** Bars of the wide band, of the longer volume ratio and of the volume-weighted mean. */
const LONG = 20;
/** Of the narrow band and of the shorter volume ratio. */
const SHORT = 5;

/** Columns of a row. */
const CLOSE = 0;
const VOLUME = 3;
const VOLUMES = 4;
const TURNOVERS = 5;
const WIDTH = 6;

/** A sum below this share of the total is added up from its values. */
const SHARE = 100;

/** What `core-v1` needs of the last 20 bars; changed in place. */
export interface RecentBars {
  readonly rows: Rows;
  /** Anchor of the closes, shape [1]: see `startMomentsAnew`. */
  readonly anchors: Float64Array;
}

export function createRecentBars(): RecentBars {
  return { rows: createRows(LONG, WIDTH), anchors: new Float64Array(1) };
}

/** Takes in a closed bar. */
export function addToRecentBars({ rows, anchors }: RecentBars, bar: ClosedBar): void {
  const { cells, at } = rows;
  const next = at + WIDTH === cells.length ? 0 : at + WIDTH;
  const { close, volume } = bar;
  const d = close - anchors[0]!;
  cells[next + CLOSE] = close;
  cells[next + CLOSE + TOTAL] = cells[at + CLOSE + TOTAL]! + d;
  cells[next + CLOSE + SQUARES] = cells[at + CLOSE + SQUARES]! + d * d;
  cells[next + VOLUME] = volume;
  cells[next + VOLUMES] = cells[at + VOLUMES]! + volume;
  cells[next + TURNOVERS] = cells[at + TURNOVERS]! + close * volume;
  rows.at = next;
  rows.age += 1;
  if (rows.age === LONG) {
    startMomentsAnew(rows, CLOSE, anchors, 0);
    startVolumesAnew(rows);
    rows.age = 0;
  }
}

/** Takes the totals as if nothing had been before the rows held. */
function startVolumesAnew(rows: Rows): void {
  const { cells } = rows;
  let row = rowBefore(rows, LONG);
  let volumes = 0;
  let turnovers = 0;
  cells[row + VOLUMES] = 0;
  cells[row + TURNOVERS] = 0;
  for (let i = 0; i < LONG; i += 1) {
    row = row + WIDTH === cells.length ? 0 : row + WIDTH;
    const volume = cells[row + VOLUME]!;
    volumes += volume;
    turnovers += volume * cells[row + CLOSE]!;
    cells[row + VOLUMES] = volumes;
    cells[row + TURNOVERS] = turnovers;
  }
}

/**
 * Writes the place of the close in the Bollinger bands of 20 and of 5 bars, volume against its mean over 5 and over 20, and the
 * distance of the close from the volume-weighted mean price. There must have been 20 bars.
 *
 * A band reaches 2 population deviations to both sides of the mean, after Bollinger (2001); the place is 0.5 where its ends
 * coincide.
 *
 * @param out - Written: the places from index `bands`, the others from index `volumes`.
 */
export function writeRecentBars(
  { rows, anchors }: RecentBars,
  out: Float64Array,
  bands: number,
  volumes: number,
): void {
  const { cells, at } = rows;
  const from = at - SHORT * WIDTH;
  const near = from < 0 ? from + cells.length : from;
  const far = at + WIDTH === cells.length ? 0 : at + WIDTH;
  const close = cells[at + CLOSE]!;
  const volume = cells[at + VOLUME]!;
  const d = close - anchors[0]!;
  const squares = cells[at + CLOSE + SQUARES]!;
  const longSum = cells[at + CLOSE + TOTAL]! - cells[far + CLOSE + TOTAL]!;
  const shortSum = cells[at + CLOSE + TOTAL]! - cells[near + CLOSE + TOTAL]!;
  const longSquared = squares - cells[far + CLOSE + SQUARES]! - longSum * longSum * (1 / LONG);
  const shortSquared = squares - cells[near + CLOSE + SQUARES]! - shortSum * shortSum * (1 / SHORT);
  const traded = cells[at + VOLUMES]!;
  const longTraded = traded - cells[far + VOLUMES]!;
  const shortTraded = traded - cells[near + VOLUMES]!;
  const turnover = cells[at + TURNOVERS]! - cells[far + TURNOVERS]!;
  out[bands] = (d - longSum * (1 / LONG)) / (4 * Math.sqrt(longSquared * (1 / LONG))) + 0.5;
  out[bands + 1] = (d - shortSum * (1 / SHORT)) / (4 * Math.sqrt(shortSquared * (1 / SHORT))) + 0.5;
  out[volumes] = (volume * SHORT) / shortTraded;
  out[volumes + 1] = (volume * LONG) / longTraded;
  out[volumes + 2] = (close - turnover / longTraded) / close;
  if (!(longSquared * LOSS > squares)) mendBand(rows, LONG, out, bands);
  if (!(shortSquared * LOSS > squares)) mendBand(rows, SHORT, out, bands + 1);
  if (!(shortTraded * SHARE > traded)) mendVolumes(rows, out, volumes);
}

/** Takes from its closes a place that has lost digits. */
function mendBand(rows: Rows, k: number, out: Float64Array, at: number): void {
  const { mean, deviation } = twoPasses(rows, CLOSE, k);
  const lower = mean - 2 * deviation;
  const upper = mean + 2 * deviation;
  out[at] = upper > lower ? (rows.cells[rows.at + CLOSE]! - lower) / (upper - lower) : 0.5;
}

/** Adds up the volumes and turnovers. */
function mendVolumes(rows: Rows, out: Float64Array, at: number): void {
  const { cells } = rows;
  let longTraded = 0;
  let shortTraded = 0;
  let turnover = 0;
  for (let back = LONG - 1; back >= 0; back -= 1) {
    const row = rowBefore(rows, back);
    const volume = cells[row + VOLUME]!;
    longTraded += volume;
    turnover += volume * cells[row + CLOSE]!;
    if (back < SHORT) shortTraded += volume;
  }
  const close = cells[rows.at + CLOSE]!;
  const volume = cells[rows.at + VOLUME]!;
  out[at] = shortTraded === 0 ? 1 : (volume * SHORT) / shortTraded;
  out[at + 1] = longTraded === 0 ? 1 : (volume * LONG) / longTraded;
  out[at + 2] = longTraded === 0 ? 0 : (close - turnover / longTraded) / close;
}
