import { byId, element, keyedChildren, setText } from './dom.js';
import { count, fixed, percent } from './format.js';

/** @import { ScoreFrame } from '../messages.ts' */

/** Least reach of the scale to either side of one half. */
const LEAST_REACH = 0.05;

/** How a box looks by what outcomes say so far. @type {Readonly<Record<ScoreFrame['verdict']['standing'], string>>} */
const BOXES = {
  none: 'report open',
  few: 'report open',
  undecided: 'report open',
  better: 'report skilled',
  suspect: 'report',
  worse: 'report',
};

/** How the newest model's predictions did, once it was known what came. */
export class ScoreView {
  #empty = element('p', { class: 'empty' });
  #what = element('p', { class: 'quiet' });
  #verdict = element('p');
  #band = element('span', { class: 'band' });
  #seen = element('span', { class: 'seen' });
  #base = element('span', { class: 'base' });
  #range = element('div', { class: 'range', role: 'img' }, [this.#band, this.#base, this.#seen]);
  #least = element('span');
  #most = element('span');
  #bounds = element('div', { class: 'bounds', 'aria-hidden': 'true' }, [this.#least, this.#most]);
  #key = element('p', { class: 'key' }, [
    key('', 'share right'),
    key('band', '95 % interval'),
    key('base', 'base rate'),
  ]);
  #rows = element('tbody');
  #table = element('table', {}, [
    element('thead', {}, [
      element('tr', {}, [
        element('td'),
        element('th', { scope: 'col', class: 'number' }, ['model']),
        element('th', { scope: 'col', class: 'number' }, ['base rate']),
      ]),
    ]),
    this.#rows,
  ]);
  #right = this.#row('share right');
  #mid = this.#row('of the mid price');
  #logLoss = this.#row('log loss');
  #brier = this.#row('Brier score');
  #list = element('dl', { class: 'pairs' });
  #pairs = keyedChildren(this.#list, (name) => {
    const value = element('dd');
    return { node: element('div', {}, [element('dt', {}, [name]), value]), parts: value };
  });

  constructor() {
    byId('score').append(
      ...[
        this.#empty,
        this.#what,
        this.#verdict,
        this.#range,
        this.#bounds,
        this.#key,
        this.#table,
        this.#list,
      ],
    );
  }

  /**
   * @param {ScoreFrame | undefined} score
   * @param {string} waiting - What to say while there is no prediction.
   */
  update(score, waiting) {
    this.#empty.hidden = score !== undefined;
    for (const part of [this.#what, this.#verdict, this.#list]) part.hidden = score === undefined;
    const isSettled = score !== undefined && score.accuracy !== null;
    for (const part of [this.#range, this.#bounds, this.#key, this.#table]) part.hidden = !isSettled;
    if (score === undefined) {
      setText(this.#empty, waiting);
      return;
    }
    setText(this.#what, `${score.model} ${score.version}: ${predicted(score.label)}`);
    setText(this.#verdict, score.verdict.text);
    this.#verdict.className = BOXES[score.verdict.standing];
    if (isSettled) this.#drawRange(score);
    this.#right(percent(score.accuracy), percent(score.baseRate));
    this.#mid(percent(score.midAccuracy), '');
    this.#logLoss(fixed(score.logLoss, 4), fixed(score.baseLogLoss, 4));
    this.#brier(fixed(score.brier, 4), fixed(score.baseBrier, 4));
    const texts = counts(score);
    for (const [name, value] of this.#pairs([...texts.keys()])) setText(value, texts.get(name) ?? '');
  }

  /** A row of the table. @param {string} name @returns {(model: string, base: string) => void} Fills it. */
  #row(name) {
    const [model, base] = [element('td', { class: 'number' }), element('td', { class: 'number' })];
    this.#rows.append(element('tr', {}, [element('th', { scope: 'row' }, [name]), model, base]));
    return (ofModel, ofBase) => {
      setText(model, ofModel);
      setText(base, ofBase);
    };
  }

  /** @param {ScoreFrame} score */
  #drawRange({ accuracy, baseRate, interval, verdict }) {
    const shares = [accuracy ?? 0.5, baseRate ?? 0.5, ...(interval ?? [])];
    const reach = Math.min(0.5, Math.max(LEAST_REACH, ...shares.map((share) => 1.1 * Math.abs(share - 0.5))));
    /** @param {number} share */
    const at = (share) => `${(50 * (1 + (share - 0.5) / reach)).toFixed(2)}%`;
    this.#seen.style.left = at(accuracy ?? 0.5);
    this.#base.style.left = at(baseRate ?? 0.5);
    this.#band.hidden = interval === null;
    if (interval !== null) {
      this.#band.style.left = at(interval[0]);
      this.#band.style.width = `${((50 * (interval[1] - interval[0])) / reach).toFixed(2)}%`;
    }
    setText(this.#least, percent(0.5 - reach));
    setText(this.#most, percent(0.5 + reach));
    this.#range.setAttribute('aria-label', verdict.text);
  }
}

/** @type {(kind: string, name: string) => HTMLElement} */
function key(kind, name) {
  return element('span', {}, [element('span', { class: `swatch ${kind}` }), name]);
}

/** What is predicted, in words. @param {ScoreFrame['label']} label */
function predicted({ kind, horizonBars, costBps }) {
  const bars = `${horizonBars} bar${horizonBars === 1 ? '' : 's'}`;
  const what = {
    'next-return': `whether the close is higher ${bars} later`,
    'next-mid-move': 'which way the mid price changes next',
    'triple-barrier': `which barrier the price meets first within ${bars}`,
  }[kind];
  return costBps === 0 || kind === 'next-mid-move' ? what : `${what}, by more than ${costBps} bps`;
}

/** Counts below the table. @type {(score: ScoreFrame) => ReadonlyMap<string, string>} */
const counts = ({ label, settled, right, deadZone, unlabelled, waiting }) =>
  new Map([
    ['right', count(right)],
    ['wrong', count(settled - right)],
    ['still open', count(waiting)],
    [label.costBps === 0 ? 'unmoved' : 'within costs', count(deadZone)],
    ...(unlabelled === 0 ? [] : [/** @type {const} */ (['no outcome', count(unlabelled)])]),
  ]);
