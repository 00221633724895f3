import uPlot from './vendor/uplot.js';

import { colour } from './colours.js';
import { element } from './dom.js';
import { dateAndTime, decimalsOf, timeOfDay } from './format.js';

const FONT = '11px system-ui, sans-serif';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Distances between the labels of the time axis, seconds: close enough that two fit even where there is little room. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 2 * DAY, 5 * DAY, 10 * DAY, 30 * DAY, 60 * DAY],
  ...[120 * DAY, 365 * DAY, 5 * 365 * DAY],
];

/**
 * @typedef {object} TimeChartOptions
 * @property {HTMLElement} container
 * @property {readonly uPlot.Series[]} series - Without the times.
 * @property {uPlot.Band[]} [bands]
 * @property {(min: number, max: number) => [number, number]} rangeY - Range to show for the data's own; infinite where there is none.
 * @property {(value: number, decimals: number) => string} formatY - Given the decimals that tell its ticks apart.
 * @property {(chart: uPlot) => void} draw - Marks beyond the lines, after each drawing.
 * @property {(index: number | null) => void} onHover
 */

/** A chart over market time, sized by its container; charts of one page share the cursor. */
export class TimeChart {
  #chart;
  #observer;
  /** @type {readonly [number, number]} */
  #window = [0, 1];

  /** @param {TimeChartOptions} options */
  constructor({ container, series, bands = [], rangeY, formatY, draw, onHover }) {
    const size = () => ({ width: Math.max(120, container.clientWidth), height: container.clientHeight });
    const line = { stroke: () => colour('line'), width: 1 };
    this.#chart = new uPlot(
      {
        ...size(),
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: 'market' } },
        scales: {
          x: { time: true, range: () => [...this.#window] },
          y: {
            range: (_, min, max) => rangeY(min ?? Number.POSITIVE_INFINITY, max ?? Number.NEGATIVE_INFINITY),
          },
        },
        axes: [
          {
            ...{ stroke: () => colour('muted'), font: FONT, grid: line, ticks: { show: false } },
            ...{ size: 28, gap: 8, space: 64, incrs: TIME_STEPS },
            values: (_chart, splits, _axis, _space, step) =>
              splits.map((second) => axisText(second * 1000, step)),
          },
          {
            ...{ stroke: () => colour('muted'), font: FONT, grid: line, ticks: { show: false } },
            ...{ size: 66, gap: 6, space: 26 },
            values: (_chart, splits, _axis, _space, step) =>
              splits.map((value) => formatY(value, decimalsOf(step))),
          },
        ],
        series: [{}, ...series],
        bands,
        hooks: {
          draw: [draw],
          setCursor: [(chart) => onHover(chart.cursor.idx ?? null)],
        },
      },
      [[], ...series.map(() => [])],
      container,
    );
    this.#observer = new ResizeObserver(() => this.#chart.setSize(size()));
    this.#observer.observe(container);
  }

  /**
   * @param {uPlot.AlignedData} data - Seconds, then one array for each series.
   * @param {readonly [number, number]} window - First and last second shown.
   */
  update(data, window) {
    this.#window = window;
    this.#chart.setData(data);
  }

  /** Draws again, in the colours of now. */
  redraw() {
    this.#chart.redraw(false, true);
  }

  destroy() {
    this.#observer.disconnect();
    this.#chart.destroy();
  }
}

/** A label of the time axis, as exact as the distance to the next. @type {(timeMs: number, stepSeconds: number) => string} */
function axisText(timeMs, stepSeconds) {
  if (stepSeconds >= DAY) return dateAndTime(timeMs).slice(0, 10);
  return stepSeconds < MINUTE ? timeOfDay(timeMs) : timeOfDay(timeMs).slice(0, 5);
}

/** A time under the cursor: with its date where it is not of today. @param {number} timeMs */
export const timeText = (timeMs) =>
  new Date().toISOString().slice(0, 10) === dateAndTime(timeMs).slice(0, 10)
    ? timeOfDay(timeMs)
    : dateAndTime(timeMs);

/**
 * Text over a chart that has nothing to show yet.
 *
 * @param {HTMLElement} container
 * @returns {(text: string | null, hasMarks?: boolean) => void} Shows it, or takes it away; the chart stays where it has marks
 *   to show, though no line.
 */
export function emptyText(container) {
  const node = element('p', { class: 'empty' });
  container.append(node);
  return (text, hasMarks = false) => {
    node.hidden = text === null;
    // Axes without data would look like a measurement.
    container.classList.toggle('waits', text !== null && !hasMarks);
    if (text !== null && node.textContent !== text) node.textContent = text;
  };
}

/**
 * A range on round numbers around the data's, so that the scale changes seldom while prices move.
 *
 * @param {number} min
 * @param {number} max
 * @returns {[number, number]}
 */
export function roundRange(min, max) {
  if (min > max) return [0, 1];
  const span = Math.max(max - min, Math.abs(max) * 1e-5, 1e-9) * 1.15;
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  const pad = span * 0.065;
  return [Math.floor((min - pad) / step) * step, Math.ceil((max + pad) / step) * step];
}

/**
 * The stretch of time that all charts of a symbol show: its bars, and the newest event where that is not far ahead of them.
 * While history is read at full speed, bars come long after the events that they are made of.
 *
 * @param {readonly { readonly timeMs: number }[]} points - Oldest first.
 * @param {number} newestMs - Time of the newest event.
 * @returns {readonly [number, number]} Seconds.
 */
export function windowOf(points, newestMs) {
  const first = points[0]?.timeMs ?? newestMs;
  const last = points.at(-1)?.timeMs ?? newestMs;
  const barMs = last - (points.at(-2)?.timeMs ?? last);
  const end = newestMs - last <= 3 * barMs ? Math.max(newestMs, last) : last;
  return [Math.min(first, end - 30_000) / 1000, end / 1000];
}
