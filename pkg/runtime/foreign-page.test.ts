import { expect, it } from 'vitest';

import { isFromForeignPage } from './foreign-page.ts';

const HOST = '127.0.0.1:8080';

it.each([
  ['a program', 'POST', {}, false],
  ['the own page', 'POST', { origin: `http://${HOST}`, 'sec-fetch-site': 'same-origin' }, false],
  ['the own page of a browser that says the origin alone', 'POST', { origin: `http://${HOST}` }, false],
  [
    'a page of another site',
    'POST',
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    true,
  ],
  ['a page of another site that hides its origin', 'POST', { 'sec-fetch-site': 'cross-site' }, true],
  [
    'a page of another port',
    'POST',
    { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' },
    true,
  ],
  ['a page of a browser that says the origin alone', 'DELETE', { origin: 'https://evil.example' }, true],
  ['a page of a file or a sandbox', 'POST', { origin: 'null' }, true],
  ['a page that asks whether it may', 'OPTIONS', { origin: 'https://evil.example' }, true],
  ['a link on another site', 'GET', { 'sec-fetch-site': 'cross-site' }, false],
  ['a page of another site that reads', 'GET', { origin: 'https://evil.example' }, false],
] as const)('%s: %s', (_who, method, headers, isForeign) => {
  expect(isFromForeignPage({ method, headers: { host: HOST, ...headers } })).toBe(isForeign);
});

it('knows its own page at the port that the scheme implies, in any case', () => {
  const headers = { host: 'Desk.example', origin: 'https://desk.example' };
  expect(isFromForeignPage({ method: 'POST', headers })).toBe(false);
});
