/**
 * @typedef {Node | string | null | undefined} Child
 */

/**
 * An element with attributes and children.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {readonly Child[]} [children]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}

/**
 * The element of the page that has an id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`page must have an element #${id}`);
  return node;
}

/**
 * Sets text only where it differs: nothing is laid out again for a figure that stayed.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Sets how much of its track a bar fills.
 *
 * @param {HTMLElement} node
 * @param {'X' | 'Y'} axis
 * @param {number} share - In [0, 1].
 */
export function setFill(node, axis, share) {
  const transform = `scale${axis}(${Math.min(1, Math.max(0, share)).toFixed(4)})`;
  if (node.style.transform !== transform) node.style.transform = transform;
}

/**
 * Children by key, made once and kept in the order of the keys, so that focus, selection and scroll survive an update.
 *
 * @template Parts
 * @param {HTMLElement} parent
 * @param {(key: string) => { readonly node: HTMLElement, readonly parts: Parts }} make
 * @returns {(keys: readonly string[]) => ReadonlyMap<string, Parts>}
 */
export function keyedChildren(parent, make) {
  /** @type {Map<string, { readonly node: HTMLElement, readonly parts: Parts }>} */
  const made = new Map();
  return (keys) => {
    for (const [key, { node }] of made) {
      if (keys.includes(key)) continue;
      node.remove();
      made.delete(key);
    }
    keys.forEach((key, i) => {
      const child = made.get(key) ?? make(key);
      made.set(key, child);
      if (parent.children[i] !== child.node) parent.insertBefore(child.node, parent.children[i] ?? null);
    });
    return new Map([...made].map(([key, { parts }]) => [key, parts]));
  };
}
