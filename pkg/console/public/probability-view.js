import uPlot from './vendor/uplot.js';

import { colour } from './colours.js';
import { byId, setText } from './dom.js';
import { words } from './format.js';
import { isByDesign, whyNone } from './reasons.js';
import { emptyText, TimeChart, timeText, windowOf } from './time-chart.js';

/** @import { ConsoleAbout, ModelCard } from '../messages.ts' */
/** @import { SymbolState } from './store.js' */

/** Probabilities that the scale begins and ends on, so that it changes in few steps. */
const STEP = 0.05;
/** Least reach of the scale to either side of one half. */
const LEAST_REACH = 0.15;

/** Probability of a rise over time: ensemble, members, thresholds, and where the model abstained. */
export class ProbabilityView {
  /** @type {SymbolState | undefined} */
  #state;
  /** @type {ConsoleAbout | undefined} */
  #about;
  /** @type {TimeChart | undefined} */
  #chart;
  #members = -1;
  #container = byId('probability-chart');
  #showEmpty = emptyText(this.#container);
  #hover = byId('probability-hover');

  /**
   * @param {SymbolState | undefined} state - The symbol that is looked at.
   * @param {ConsoleAbout | undefined} about
   * @param {ModelCard | undefined} model - The one that serves.
   * @param {string} waiting - What to say while there is no prediction.
   */
  update(state, about, model, waiting) {
    this.#state = state;
    this.#about = about;
    const predictions = state?.predictions ?? [];
    const members = Math.max(0, ...predictions.map((prediction) => prediction.members.length));
    const chart = this.#chartFor(members);
    const hasAny = predictions.some(({ probabilityUp }) => probabilityUp !== null);
    this.#showEmpty(hasAny ? null : whyNone(predictions.at(-1), model, waiting), predictions.length > 0);
    if (state === undefined) {
      chart.update([[], ...Array.from({ length: members + 1 }, () => [])], [0, 1]);
      return;
    }
    /** @type {(number | null)[][]} */
    const memberLines = Array.from({ length: members }, (_, i) =>
      predictions.map((prediction) => prediction.members[i] ?? null),
    );
    chart.update(
      [
        predictions.map(({ timeMs }) => timeMs / 1000),
        ...memberLines,
        predictions.map(({ probabilityUp }) => probabilityUp),
      ],
      windowOf(state.points, state.newest.timeMs),
    );
  }

  redraw() {
    this.#chart?.redraw();
  }

  /** The ensemble is drawn last, over its members. @param {number} members */
  #chartFor(members) {
    if (this.#chart !== undefined && members === this.#members) return this.#chart;
    this.#chart?.destroy();
    this.#members = members;
    const points = { show: false };
    this.#chart = new TimeChart({
      container: this.#container,
      series: [
        ...Array.from({ length: members }, () => ({ stroke: () => colour('member'), width: 1, points })),
        { stroke: () => colour('accent'), width: 2, points },
      ],
      rangeY: (min, max) => [
        Math.max(0, Math.floor(Math.min(min, 0.5 - LEAST_REACH) / STEP) * STEP),
        Math.min(1, Math.ceil(Math.max(max, 0.5 + LEAST_REACH) / STEP) * STEP),
      ],
      formatY: (value) => value.toFixed(2),
      draw: (chart) => this.#drawMarks(chart),
      onHover: (index) => this.#showHover(index),
    });
    return this.#chart;
  }

  /** @param {number | null} index */
  #showHover(index) {
    const prediction = index === null ? undefined : this.#state?.predictions[index];
    if (prediction === undefined) {
      setText(this.#hover, '');
      return;
    }
    const { timeMs, probabilityUp, recommendation, reason } = prediction;
    const said = probabilityUp === null ? words(reason ?? '') : probabilityUp.toFixed(3);
    setText(this.#hover, `${timeText(timeMs)}  ${said}  ${recommendation}`);
  }

  /** @param {uPlot} chart */
  #drawMarks(chart) {
    const { ctx, bbox } = chart;
    const px = uPlot.pxRatio;
    ctx.save();
    ctx.lineWidth = px;
    if (this.#about !== undefined) {
      ctx.strokeStyle = colour('muted');
      ctx.setLineDash([5 * px, 4 * px]);
      for (const threshold of [this.#about.buyAbove, this.#about.holdAbove]) {
        const y = chart.valToPos(threshold, 'y', true);
        if (y < bbox.top || y > bbox.top + bbox.height) continue;
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
      }
      ctx.setLineDash([]);
    }
    const bottom = bbox.top + bbox.height;
    for (const { timeMs, recommendation, reason } of this.#state?.predictions ?? []) {
      const x = chart.valToPos(timeMs / 1000, 'x', true);
      if (recommendation !== 'abstain' || x < bbox.left) continue;
      ctx.strokeStyle = colour(isByDesign(reason) ? 'member' : 'warn');
      ctx.beginPath();
      ctx.moveTo(x, bottom);
      ctx.lineTo(x, bottom - 5 * px);
      ctx.stroke();
    }
    ctx.restore();
  }
}
