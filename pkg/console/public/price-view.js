import uPlot from './vendor/uplot.js';

import { colour } from './colours.js';
import { byId, element, keyedChildren, setText } from './dom.js';
import { fixed, UNKNOWN } from './format.js';
import { emptyText, roundRange, TimeChart, timeText, windowOf } from './time-chart.js';

/** @import { SymbolState } from './store.js' */

const MARK_PX = 5;

/** Price of one symbol with bid, ask and the predictions made on it. */
export class PriceView {
  /** @type {SymbolState | undefined} */
  #state;
  /** @type {[number[], (number | null)[], (number | null)[], (number | null)[]]} */
  #data = [[], [], [], []];
  #chart;
  #showEmpty;
  #hover = byId('price-hover');
  #figures;

  constructor() {
    const container = byId('price-chart');
    this.#chart = new TimeChart({
      container,
      series: [
        { stroke: () => colour('band'), width: 1, points: { show: false } },
        { stroke: () => colour('band'), width: 1, points: { show: false } },
        { stroke: () => colour('ink'), width: 1.4, points: { show: false } },
      ],
      bands: [{ series: [1, 2], fill: () => colour('band') }],
      rangeY: roundRange,
      formatY: fixed,
      draw: (chart) => this.#drawMarks(chart),
      onHover: (index) => this.#showHover(index),
    });
    this.#showEmpty = emptyText(container);
    this.#figures = keyedChildren(byId('price-figures'), (key) => {
      const value = element('dd');
      return { node: element('div', {}, [element('dt', {}, [key]), value]), parts: value };
    });
  }

  /** @param {SymbolState | undefined} state - The symbol that is looked at. */
  update(state) {
    this.#state = state;
    this.#updateFigures(state);
    if (state === undefined || state.points.length < 2) {
      this.#showEmpty(
        state === undefined ? 'No data yet.' : `Waiting for the first bars of ${state.symbol}.`,
      );
      this.#data = [[], [], [], []];
      this.#chart.update(this.#data, [0, 1]);
      return;
    }
    this.#showEmpty(null);
    const { points, newest } = state;
    const { bid, ask, last, timeMs } = newest;
    const now = { timeMs, bid, ask, close: bid !== null && ask !== null ? (bid + ask) / 2 : last };
    const [start, end] = windowOf(points, timeMs);
    const hasTip = timeMs > (points.at(-1)?.timeMs ?? 0) && timeMs / 1000 === end;
    const shown = hasTip ? [...points, now] : points;
    this.#data = [
      shown.map((point) => point.timeMs / 1000),
      shown.map((point) => point.ask),
      shown.map((point) => point.bid),
      shown.map((point) => point.close),
    ];
    this.#chart.update(this.#data, [start, end]);
  }

  redraw() {
    this.#chart.redraw();
  }

  /** @param {SymbolState | undefined} state */
  #updateFigures(state) {
    const figures = this.#figures(['bid', 'ask', 'spread', 'last']);
    const { bid = null, ask = null, bidSize = null, askSize = null, last = null } = state?.newest ?? {};
    const decimals = state?.decimals ?? 2;
    /** @type {(price: number | null, size: number | null) => string} */
    const withSize = (price, size) =>
      size === null || size === 0
        ? fixed(price, decimals)
        : `${fixed(price, decimals)} × ${fixed(size, Number.isInteger(size) ? 0 : 3)}`;
    /** @type {Readonly<Record<string, string>>} */
    const texts = {
      bid: withSize(bid, bidSize),
      ask: withSize(ask, askSize),
      spread: bid === null || ask === null ? UNKNOWN : fixed(ask - bid, decimals),
      last: fixed(last, decimals),
    };
    for (const [key, node] of figures) setText(node, texts[key] ?? UNKNOWN);
  }

  /** @param {number | null} index */
  #showHover(index) {
    const [times, asks, bids, closes] = this.#data;
    const time = index === null ? undefined : times[index];
    if (index === null || time === undefined) {
      setText(this.#hover, '');
      return;
    }
    const decimals = this.#state?.decimals ?? 2;
    const [close, bid, ask] = [closes[index], bids[index], asks[index]].map((value) =>
      fixed(value, decimals),
    );
    setText(this.#hover, `${timeText(time * 1000)}  ${close}  (${bid} to ${ask})`);
  }

  /** Recommendations below (buy), above (sell) and on (hold) the price: by shape and place, not by colour alone. @param {uPlot} chart */
  #drawMarks(chart) {
    const state = this.#state;
    const [times, asks, bids, closes] = this.#data;
    if (state === undefined || times.length === 0) return;
    const { ctx } = chart;
    const px = uPlot.pxRatio;
    const size = MARK_PX * px;
    ctx.save();
    let at = 0;
    for (const { timeMs, recommendation } of state.predictions) {
      while (at < times.length - 1 && /** @type {number} */ (times[at]) < timeMs / 1000) at += 1;
      const close = closes[at];
      if (
        recommendation === 'abstain' ||
        times[at] !== timeMs / 1000 ||
        close === null ||
        close === undefined
      )
        continue;
      const x = chart.valToPos(timeMs / 1000, 'x', true);
      if (recommendation === 'hold') {
        ctx.fillStyle = colour('muted');
        ctx.beginPath();
        ctx.arc(x, chart.valToPos(close, 'y', true), 1.6 * px, 0, 2 * Math.PI);
        ctx.fill();
        continue;
      }
      const isBuy = recommendation === 'buy';
      const y = chart.valToPos((isBuy ? bids[at] : asks[at]) ?? close, 'y', true) + (isBuy ? 1 : -1) * 4 * px;
      const base = y + (isBuy ? 1 : -1) * size * 1.5;
      ctx.fillStyle = colour(recommendation);
      ctx.beginPath();
      ctx.moveTo(x, y);
      ctx.lineTo(x - size, base);
      ctx.lineTo(x + size, base);
      ctx.fill();
    }
    ctx.restore();
  }
}
