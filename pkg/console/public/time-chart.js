import uPlot from './vendor/uplot.js';

import { colour } from './colours.js';
import { element } from './dom.js';
import { decimalsOf, timeOfDay } from './format.js';

const FONT = '11px system-ui, sans-serif';

/**
 * @typedef {object} TimeChartOptions
 * @property {HTMLElement} container
 * @property {readonly uPlot.Series[]} series - Without the times.
 * @property {uPlot.Band[]} [bands]
 * @property {(min: number, max: number) => [number, number]} rangeY - Range to show for the data's own.
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
          y: { range: (_, min, max) => (min === null || max === null ? [0, 1] : rangeY(min, max)) },
        },
        axes: [
          {
            ...{ stroke: () => colour('muted'), font: FONT, grid: line, ticks: { show: false } },
            ...{ size: 28, gap: 8, space: 70 },
            values: (_, splits) => splits.map((second) => timeOfDay(second * 1000)),
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

/**
 * Text over a chart that has nothing to show yet.
 *
 * @param {HTMLElement} container
 * @returns {(text: string | null) => void} Shows it, or takes it away.
 */
export function emptyText(container) {
  const node = element('p', { class: 'empty' });
  container.append(node);
  return (text) => {
    node.hidden = text === null;
    // Axes without data would look like a measurement.
    container.classList.toggle('waits', text !== null);
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
