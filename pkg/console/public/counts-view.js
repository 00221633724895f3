import { byId, element, keyedChildren, setFill, setText } from './dom.js';
import { age, count, fixed, kindName, words } from './format.js';

/** @import { Frame } from '../messages.ts' */

const SVG = 'http://www.w3.org/2000/svg';
/** Seconds of the rate's history. */
const SPARK_SECONDS = 60;
/** After so long without an event the stream counts as quiet. */
const QUIET_MS = 5000;

/** Events by kind with their rates, and what was set aside with its reasons. */
export class CountsView {
  #path = document.createElementNS(SVG, 'path');
  #rate = byId('events-rate');
  #eventsEmpty = element('p', { class: 'empty' }, ['No data yet: waiting for the first event.']);
  #eventList = element('ul', { class: 'rows wide' });
  #events = keyedChildren(this.#eventList, (kind) => {
    const rate = element('span', { class: 'number' });
    const total = element('span', { class: 'number' });
    return {
      node: element('li', {}, [element('span', { class: 'name' }, [kindName(kind)]), rate, total]),
      parts: { rate, total },
    };
  });
  #total = byId('quarantine-total');
  #clean = element('p', { class: 'empty' });
  #reasonList = element('ul', { class: 'rows' });
  #reasons = keyedChildren(this.#reasonList, (reason) => {
    const fill = element('i', { class: 'fill warn' });
    const number = element('span', { class: 'number' });
    return {
      node: element('li', {}, [
        element('span', { class: 'name' }, [words(reason)]),
        element('span', { class: 'track' }, [fill]),
        number,
      ]),
      parts: { fill, number },
    };
  });

  constructor() {
    const spark = document.createElementNS(SVG, 'svg');
    spark.setAttribute('class', 'spark');
    spark.setAttribute('viewBox', `0 0 ${SPARK_SECONDS - 1} 1`);
    spark.setAttribute('preserveAspectRatio', 'none');
    spark.setAttribute('role', 'img');
    spark.setAttribute('aria-label', 'Events a second over the last minute');
    spark.append(this.#path);
    byId('events').append(this.#eventsEmpty, spark, this.#eventList);
    byId('quarantine').append(this.#clean, this.#reasonList);
  }

  /**
   * @param {Frame | undefined} frame
   * @param {number} silentMs - How long the server has been silent; 0 while it is not.
   */
  update(frame, silentMs) {
    if (frame === undefined) return;
    this.#updateEvents(frame, frame.quietMs + silentMs);
    this.#updateQuarantine(frame);
  }

  /** @param {Frame} frame @param {number} quietMs */
  #updateEvents({ events, eventsPerSecond, rateHistory, hiddenSymbols }, quietMs) {
    const kinds = Object.keys(events).sort();
    this.#eventsEmpty.hidden = kinds.length > 0;
    const all = Object.values(eventsPerSecond).reduce((sum, rate) => sum + rate, 0);
    const beyond = hiddenSymbols === 0 ? '' : `; ${count(hiddenSymbols)} more symbols than are shown`;
    const pace = quietMs > QUIET_MS ? `none for ${age(quietMs)}` : `${fixed(all, all < 10 ? 1 : 0)} a second`;
    setText(this.#rate, kinds.length === 0 ? '' : `${pace}${beyond}`);
    const rows = this.#events(kinds);
    for (const [kind, { rate, total }] of rows) {
      const perSecond = eventsPerSecond[kind] ?? 0;
      setText(rate, `${fixed(perSecond, perSecond < 10 ? 1 : 0)} /s`);
      setText(total, count(events[kind] ?? 0));
    }
    const most = Math.max(1e-9, ...rateHistory);
    const first = SPARK_SECONDS - rateHistory.length;
    const line = rateHistory
      .map((rate, i) => `L${first + i} ${(1 - (0.92 * rate) / most).toFixed(3)}`)
      .join('');
    this.#path.setAttribute('d', rateHistory.length < 2 ? '' : `M${first} 1${line}L${SPARK_SECONDS - 1} 1Z`);
  }

  /** @param {Frame} frame */
  #updateQuarantine({ quarantined, events }) {
    const accepted = Object.values(events).reduce((sum, n) => sum + n, 0);
    const total = Object.values(quarantined).reduce((sum, n) => sum + n, 0);
    this.#clean.hidden = total > 0;
    setText(
      this.#clean,
      accepted === 0
        ? 'Nothing has come yet.'
        : `Nothing set aside: all ${count(accepted)} events passed the checks.`,
    );
    const share =
      total === 0 ? '' : `, ${((100 * total) / (total + accepted)).toPrecision(2)} % of what came`;
    setText(this.#total, total === 0 ? '' : `${count(total)} set aside${share}`);
    const most = Math.max(1, ...Object.values(quarantined));
    const reasons = Object.keys(quarantined).sort((a, b) => (quarantined[b] ?? 0) - (quarantined[a] ?? 0));
    for (const [reason, { fill, number }] of this.#reasons(reasons)) {
      setFill(fill, 'X', (quarantined[reason] ?? 0) / most);
      setText(number, count(quarantined[reason] ?? 0));
    }
  }
}
