import fc from 'fast-check';
import { expect, it } from 'vitest';

import { listed, shown } from './shown.ts';

it('shows short text whole and long text cut, always as text that can be sent', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      const short = shown(text);
      expect(short.length).toBeLessThanOrEqual(49);
      expect(text.length <= 48 ? short === text : short.endsWith('…')).toBe(true);
      if (text.isWellFormed()) expect(short.isWellFormed()).toBe(true);
    }),
  );
});

it('lists the first names and says how many are left', () => {
  const names = Array.from({ length: 32 }, (_, i) => `n${i}`);
  expect(listed(names)).toBe(`${names.slice(0, 30).join(', ')} and 2 more`);
  expect(listed(['a', 'b'], "'")).toBe("'a', 'b'");
  expect(listed([])).toBe('');
});
