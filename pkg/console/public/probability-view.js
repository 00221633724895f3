import uPlot from './vendor/uplot.js';

import { colour } from './colours.js';
import { byId, setText } from './dom.js';
import { timeOfDay, words } from './format.js';
import { emptyText, TimeChart, windowOf } from './time-chart.js';

/** @import { ConsoleAbout } from '../messages.ts' */
/** @import { SymbolState } from './store.js' */

/** Half ranges around one half, so that the scale changes in few steps. */
const HALF_RANGES = [0.15, 0.25, 0.5];

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
   * @param {string} waiting - What to say while there is no prediction.
   */
  update(state, about, waiting) {
    this.#state = state;
    this.#about = about;
    const predictions = state?.predictions ?? [];
    const members = Math.max(0, ...predictions.map((prediction) => prediction.members.length));
    const chart = this.#chartFor(members);
    const hasAny = predictions.some(({ probabilityUp }) => probabilityUp !== null);
    this.#showEmpty(hasAny ? null : waiting);
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
      rangeY: (min, max) => {
        const reach = Math.max(0.5 - min, max - 0.5);
        const half = HALF_RANGES.find((range) => reach <= range) ?? 0.5;
        return [0.5 - half, 0.5 + half];
      },
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
    setText(this.#hover, `${timeOfDay(timeMs)}  ${said}  ${recommendation}`);
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
    ctx.strokeStyle = colour('warn');
    const bottom = bbox.top + bbox.height;
    for (const { timeMs, recommendation } of this.#state?.predictions ?? []) {
      const x = chart.valToPos(timeMs / 1000, 'x', true);
      if (recommendation !== 'abstain' || x < bbox.left) continue;
      ctx.beginPath();
      ctx.moveTo(x, bottom);
      ctx.lineTo(x, bottom - 5 * px);
      ctx.stroke();
    }
    ctx.restore();
  }
}
