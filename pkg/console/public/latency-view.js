import { byId, element, setFill, setText } from './dom.js';
import { count, milliseconds } from './format.js';

/** @import { Frame, LatencyFrame } from '../messages.ts' */

/** How the latencies of the last minute are spread, against the objectives of the platform. */
export class LatencyView {
  #features = new Stage('event to features');
  #prediction = new Stage('event to prediction');

  constructor() {
    byId('latency').append(this.#features.node, this.#prediction.node);
  }

  /** @param {Frame | undefined} frame */
  update(frame) {
    if (frame === undefined) return;
    this.#features.update(frame.latency.features);
    this.#prediction.update(frame.latency.prediction);
  }
}

class Stage {
  #summary = element('p', { class: 'quiet' });
  #bins = element('div', { class: 'bins', role: 'img' });
  #scale = element('div', { class: 'scale', 'aria-hidden': 'true' });
  #empty = element('p', { class: 'empty' }, ['Nothing measured in the last minute.']);
  #name;
  node;
  /** @type {HTMLElement[]} */
  #fills = [];

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
    this.node = element('div', { class: 'stage' }, [
      element('div', { class: 'head' }, [element('h3', {}, [name]), this.#summary]),
      this.#empty,
      this.#bins,
      this.#scale,
    ]);
  }

  /** @param {LatencyFrame} latency */
  update(latency) {
    const isEmpty = latency.count === 0;
    this.#empty.hidden = !isEmpty;
    this.#bins.hidden = isEmpty;
    this.#scale.hidden = isEmpty;
    if (this.#fills.length === 0) this.#build(latency);
    const { counts, p50Ms, p99Ms, objectiveMs } = latency;
    const within = latency.boundsMs.reduce(
      (sum, bound, i) => sum + (bound <= objectiveMs ? (counts[i] ?? 0) : 0),
      0,
    );
    const share = isEmpty ? '' : `${((100 * within) / latency.count).toFixed(1)} % within ${objectiveMs} ms`;
    const text = isEmpty ? '' : `p50 ${milliseconds(p50Ms)} · p99 ${milliseconds(p99Ms)} · ${share}`;
    setText(this.#summary, text);
    this.#bins.setAttribute(
      'aria-label',
      `Histogram, ${this.#name}: ${text}; ${count(latency.count)} measured`,
    );
    const most = Math.max(1, ...counts);
    // What is rare still shows: the tail is what an objective is about.
    this.#fills.forEach((fill, i) =>
      setFill(fill, 'Y', counts[i] ? Math.max(0.035, (counts[i] ?? 0) / most) : 0),
    );
  }

  /** @param {LatencyFrame} latency */
  #build({ boundsMs, objectiveMs, counts }) {
    this.#fills = counts.map((_, i) => {
      const fill = element('i');
      const isOver = (boundsMs[i] ?? Number.POSITIVE_INFINITY) > objectiveMs;
      this.#bins.append(element('span', { class: isOver ? 'bin over' : 'bin' }, [fill]));
      this.#scale.append(
        element('span', isPowerOfTen(boundsMs[i]) ? {} : { class: 'minor' }, [label(boundsMs[i])]),
      );
      return fill;
    });
    const line = element('span', { class: 'objective' }, [
      element('span', {}, [`objective ${objectiveMs} ms`]),
    ]);
    line.style.left = `${(100 * (boundsMs.indexOf(objectiveMs) + 1)) / counts.length}%`;
    this.#bins.append(line);
  }
}

/** Bounds that are named where there is no room for all. @param {number | undefined} ms */
const isPowerOfTen = (ms) => ms !== undefined && Number.isInteger(Math.log10(ms));

/** Upper bound of a bin; the last has none. @param {number | undefined} ms */
const label = (ms) => (ms === undefined ? '' : ms >= 1000 ? `${ms / 1000} s` : String(ms));
