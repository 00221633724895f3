import { byId, element, keyedChildren, setFill, setText } from './dom.js';
import { age, count, percent, UNKNOWN, words } from './format.js';
import { reasonName, whyNone } from './reasons.js';

/** @import { Counts, Frame, ModelCard } from '../messages.ts' */
/** @import { SymbolState } from './store.js' */

/** The newest prediction of a symbol: what it says, how sure it is, and how its members voted. */
export class PredictionView {
  #age = byId('prediction-age');
  #call = element('span', { class: 'call' });
  #chance = element('span', { class: 'chance' });
  #why = element('p', { class: 'empty' });
  #facts = element('dl', { class: 'facts' });
  #confidence = this.#fact('confidence');
  #disagreement = this.#fact('disagreement');
  #risk = this.#fact('risk score');
  #list = element('ul', { class: 'rows', 'aria-label': 'Members of the ensemble' });
  #members = keyedChildren(this.#list, (name) => {
    const fill = element('i', { class: 'fill plain' });
    const number = element('span', { class: 'number' });
    return {
      node: element('li', {}, [
        element('span', { class: 'name' }, [name]),
        element('span', { class: 'track centred' }, [fill]),
        number,
      ]),
      parts: { fill, number },
    };
  });
  #since = element('p', { class: 'since' });

  constructor() {
    byId('prediction').append(
      element('p', { class: 'verdict' }, [this.#call, this.#chance]),
      this.#why,
      this.#facts,
      this.#list,
      this.#since,
    );
  }

  /**
   * @param {SymbolState | undefined} state
   * @param {Frame | undefined} frame
   * @param {ModelCard | undefined} model - The model that made it.
   * @param {string} waiting - What to say while there is no prediction.
   * @param {number | null} marketNowMs - Time of the market by now, which runs on while the server is silent.
   */
  update(state, frame, model, waiting, marketNowMs) {
    const newest = state?.predictions.at(-1);
    const probability = newest?.probabilityUp ?? null;
    const isMade = newest !== undefined && probability !== null;
    this.#call.dataset['call'] = newest?.recommendation ?? '';
    setText(this.#call, newest === undefined ? UNKNOWN : words(newest.recommendation));
    setText(this.#chance, isMade ? `${percent(probability)} up` : '');
    this.#why.hidden = isMade;
    if (!isMade) setText(this.#why, whyNone(newest, model, waiting));
    this.#facts.hidden = !isMade;
    if (isMade) {
      setText(this.#confidence, percent(Math.max(probability, 1 - probability)));
      setText(this.#disagreement, newest.disagreement?.toFixed(3) ?? UNKNOWN);
      setText(this.#risk, newest.riskScore?.toFixed(3) ?? UNKNOWN);
    }
    const votes = newest?.members ?? [];
    const names = votes.map((_, i) => model?.members[i] ?? `member ${i + 1}`);
    const rows = this.#members(names);
    names.forEach((name, i) => {
      const row = rows.get(name);
      if (row === undefined) return;
      setFill(row.fill, 'X', votes[i] ?? 0);
      setText(row.number, (votes[i] ?? 0).toFixed(3));
    });
    setText(
      this.#age,
      newest === undefined || marketNowMs === null ? '' : `${age(marketNowMs - newest.timeMs)} old`,
    );
    setText(this.#since, frame === undefined ? '' : totals(frame.recommendations, frame.abstentions));
  }

  /** @param {string} name */
  #fact(name) {
    const value = element('dd');
    this.#facts.append(element('div', {}, [element('dt', {}, [name]), value]));
    return value;
  }
}

/** Order in which recommendations are counted. */
const CALLS = ['buy', 'hold', 'sell'];

/** @type {(recommendations: Counts, abstentions: Counts) => string} */
function totals(recommendations, abstentions) {
  const made = CALLS.filter((call) => call in recommendations).map(
    (call) => `${call} ${count(recommendations[call] ?? 0)}`,
  );
  const not = Object.keys(abstentions)
    .sort()
    .map((reason) => `${reasonName(reason)} ${count(abstentions[reason] ?? 0)}`);
  const abstained = not.length === 0 ? '' : `; abstained: ${not.join(', ')}`;
  return `All symbols in this run: ${made.join(', ') || 'none'}${abstained}.`;
}
