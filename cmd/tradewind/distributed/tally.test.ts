import { expect, it } from 'vitest';

import { sumOf } from './tally.ts';

it('sums a metric over its labels, and no other whose name begins like it', () => {
  const text = [
    '# TYPE tradewind_events_total counter',
    'tradewind_events_total{kind="quote"} 12',
    'tradewind_events_total{kind="trade"} 3',
    'tradewind_events_total_other 100',
  ].join('\n');
  expect(sumOf('tradewind_events_total', text)).toBe(15);
  expect(sumOf('tradewind_quarantined_total', text)).toBe(0);
});
