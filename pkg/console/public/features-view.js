import { byId, element, keyedChildren, setText } from './dom.js';
import { age, significant } from './format.js';

/** @import { ConsoleAbout } from '../messages.ts' */
/** @import { SymbolState } from './store.js' */

/** The newest features of a symbol, by name, with what they mean and how old they are. */
export class FeaturesView {
  #age = byId('features-age');
  #filter = /** @type {HTMLInputElement} */ (byId('features-filter'));
  #body = element('tbody');
  #table = element('table', {}, [
    element('thead', {}, [
      element('tr', {}, [
        element('th', { scope: 'col' }, ['feature']),
        element('th', { scope: 'col', class: 'number' }, ['value']),
        element('th', { scope: 'col', class: 'about' }, ['what it says']),
      ]),
    ]),
    this.#body,
  ]);
  #empty = element('p', { class: 'empty' });
  /** @type {Map<string, string>} */
  #descriptions = new Map();
  #rows = keyedChildren(this.#body, (name) => {
    const value = element('td', { class: 'number' });
    const about = element('td', { class: 'about' }, [this.#descriptions.get(name)]);
    return { node: element('tr', {}, [element('th', { scope: 'row' }, [name]), value, about]), parts: value };
  });

  constructor() {
    byId('features').append(this.#empty, this.#table);
    this.#filter.addEventListener('input', () => this.#applyFilter());
  }

  /**
   * @param {SymbolState | undefined} state
   * @param {ConsoleAbout | undefined} about
   * @param {number | null} marketNowMs - Time of the market by now, which runs on while the server is silent.
   */
  update(state, about, marketNowMs) {
    const vector = state?.vector;
    this.#table.hidden = vector === undefined || about === undefined;
    if (vector === undefined || about === undefined) {
      this.#empty.hidden = false;
      setText(this.#empty, 'No bar has closed yet: features come with the first one.');
      setText(this.#age, '');
      return;
    }
    const absent = vector.values.filter((value) => value === null).length;
    const readiness = absent === 0 ? '' : `, ${absent} of ${vector.values.length} not ready`;
    setText(
      this.#age,
      `${vector.featureSet}, ${age((marketNowMs ?? vector.timeMs) - vector.timeMs)} old${readiness}`,
    );
    for (const { name, description } of about.features) this.#descriptions.set(name, description);
    const names = about.features.map(({ name }) => name);
    const rows = this.#rows(names);
    names.forEach((name, i) => {
      const cell = rows.get(name);
      const value = vector.values[i] ?? null;
      if (cell === undefined) return;
      setText(cell, value === null ? 'not ready' : significant(value));
      cell.classList.toggle('absent', value === null);
    });
    this.#applyFilter();
  }

  #applyFilter() {
    const wanted = this.#filter.value.trim().toLowerCase();
    let shown = 0;
    for (const row of this.#body.rows) {
      const isShown = (row.cells[0]?.textContent ?? '').toLowerCase().includes(wanted);
      if (row.hidden === isShown) row.hidden = !isShown;
      if (isShown) shown += 1;
    }
    this.#empty.hidden = shown > 0;
    if (shown === 0) setText(this.#empty, `No feature has '${wanted}' in its name.`);
  }
}
