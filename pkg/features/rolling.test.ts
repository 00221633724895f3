import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createWindow, newest, push } from './rolling.ts';

describe('Window', () => {
  it('holds the newest values in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { maxLength: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (values, capacity) => {
          const window = createWindow(capacity);
          values.forEach((value, i) => {
            push(window, value);
            const held = Math.min(capacity, i + 1);
            expect(window.length).toBe(held);
            expect([...newest(window, held)]).toEqual(values.slice(i + 1 - held, i + 1));
          });
        },
      ),
    );
  });
});
