import { describe, expect, it } from 'vitest';

import { closest } from './closest.ts';

describe('closest', () => {
  it.each([
    ['grpc.prot', 'grpc.port'],
    ['sorce', 'source'],
    ['prot', 'port'],
    ['zzzzzz', undefined],
    ['foo', undefined],
  ])('%s is nearest to %s', (word, expected) => {
    expect(closest(word, ['grpc.port', 'source', 'http.port', 'log', 'port'])).toBe(expected);
  });
});
