import { byId, element, keyedChildren, setText } from './dom.js';
import { fixed, percent, UNKNOWN } from './format.js';

/** @import { SymbolState } from './store.js' */

/** One radio button for each symbol: arrow keys move between them, as in any form. */
export class SymbolsView {
  /** Symbol that is looked at; empty before there is any. */
  selected = '';
  #onSelect;
  #cards = keyedChildren(byId('symbols'), (symbol) => {
    const input = element('input', { type: 'radio', name: 'symbol', value: symbol });
    const value = element('span', { class: 'value' });
    const call = element('span', { class: 'call' });
    const chance = element('span', { class: 'chance' });
    input.addEventListener('change', () => this.#select(symbol));
    const name = element('span', { class: 'name' }, [symbol]);
    return {
      node: element('label', { class: 'symbol' }, [input, name, value, call, chance]),
      parts: { input, value, call, chance },
    };
  });

  /** @param {(symbol: string) => void} onSelect - Told when the user has chosen. */
  constructor(onSelect) {
    this.#onSelect = onSelect;
    this.selected = decodeURIComponent(location.hash.slice(1));
  }

  /** @param {ReadonlyMap<string, SymbolState>} symbols */
  update(symbols) {
    const names = [...symbols.keys()].sort();
    const cards = this.#cards(names);
    if (!symbols.has(this.selected) && names[0] !== undefined) this.selected = names[0];
    for (const [symbol, { input, value, call, chance }] of cards) {
      const state = symbols.get(symbol);
      if (state === undefined) continue;
      const { bid, ask, last } = state.newest;
      const newest = state.predictions.at(-1);
      input.checked = symbol === this.selected;
      setText(value, fixed(last ?? ask ?? bid, state.decimals));
      setText(call, newest?.recommendation ?? UNKNOWN);
      call.dataset['call'] = newest?.recommendation ?? '';
      setText(chance, typeof newest?.probabilityUp !== 'number' ? '' : `${percent(newest.probabilityUp)} up`);
    }
  }

  /** @param {string} symbol */
  #select(symbol) {
    this.selected = symbol;
    // Kept in the address, so that a reload or a shared link shows the same.
    history.replaceState(null, '', `#${encodeURIComponent(symbol)}`);
    this.#onSelect(symbol);
  }
}
