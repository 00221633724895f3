import { expect, it } from 'vitest';

import { parseAction } from './action-annotation.ts';

it('reads what a person asked for', () => {
  const text = JSON.stringify({ type: 'undo', nonce: '1', requestedBy: 'ann', toRevision: 3 });
  expect(parseAction(text)).toEqual({
    action: { type: 'undo', nonce: '1', requestedBy: 'ann', toRevision: 3 },
  });
});

it.each([undefined, ''])('finds nothing where nobody asked for anything: %o', (text) =>
  expect(parseAction(text)).toEqual({}),
);

it('takes what was asked of another object for nothing', () => {
  const text = JSON.stringify({ type: 'promote', nonce: '1', uid: 'a' });
  expect(parseAction(text, 'a')).toEqual({ action: { type: 'promote', nonce: '1' } });
  expect(parseAction(text, 'b')).toEqual({});
  expect(parseAction(JSON.stringify({ type: 'promote', nonce: '1' }), 'b').action).toBeDefined();
});

it.each([
  ['promote', 'must be JSON'],
  ['{"type":"promote"}', 'nonce'],
  ['{"type":"destroy","nonce":"1"}', 'type'],
  ['{"type":"undo","nonce":"1","toRevision":0}', 'toRevision'],
  ['[]', ''],
])('says what is wrong with %s', (text, fault) => {
  const parsed = parseAction(text);
  expect(parsed.action).toBeUndefined();
  expect(parsed.fault).toContain(fault);
});
