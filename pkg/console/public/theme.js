import { byId, setText } from './dom.js';

const KEY = 'tradewind-theme';
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

/** @returns {string | null} The theme that was chosen; null follows the system. */
function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // Storage may be forbidden: the choice then lasts as long as the page.
    return document.documentElement.getAttribute('data-theme');
  }
}

const isDark = () =>
  (document.documentElement.dataset['theme'] ?? (systemIsDark.matches ? 'dark' : 'light')) === 'dark';

/**
 * Light and dark: by the system until the button is used.
 *
 * @param {() => void} onChange - Told when colours have changed.
 */
export function watchTheme(onChange) {
  const button = byId('theme');
  const before = chosen();
  if (before === 'light' || before === 'dark') document.documentElement.dataset['theme'] = before;
  const show = () => {
    setText(button, isDark() ? 'Light' : 'Dark');
    button.setAttribute('aria-label', isDark() ? 'Use light colours' : 'Use dark colours');
  };
  button.addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset['theme'] = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // As above.
    }
    show();
    onChange();
  });
  systemIsDark.addEventListener('change', () => {
    show();
    onChange();
  });
  show();
}
