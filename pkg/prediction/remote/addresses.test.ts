import { describe, expect, it } from 'vitest';

import { AddressBook } from './addresses.ts';

describe('addresses of predictors', () => {
  it('are those that the names have, each once, and literal ones as they are', async () => {
    const names: Record<string, string[]> = { a: ['10.0.0.1', '10.0.0.2'], b: ['10.0.0.2', 'fd00::1'] };
    const book = new AddressBook(['a:1', 'b:1', '10.0.0.9:2', '[::1]:3'], async (host) => names[host]!);
    expect(await book.resolve()).toEqual([
      ...['10.0.0.1:1', '10.0.0.2:1', '[fd00::1]:1', '10.0.0.9:2', '[::1]:3'],
    ]);
    names['a'] = ['10.0.0.3'];
    expect(await book.resolve()).toEqual([
      '10.0.0.3:1',
      '10.0.0.2:1',
      '[fd00::1]:1',
      '10.0.0.9:2',
      '[::1]:3',
    ]);
  });

  it('stay as they were where a name cannot be looked up', async () => {
    let isAway = true;
    const book = new AddressBook(['a:1'], async () => {
      if (isAway) throw new Error('ENOTFOUND');
      return ['10.0.0.1'];
    });
    expect(await book.resolve()).toEqual([]);
    isAway = false;
    expect(await book.resolve()).toEqual(['10.0.0.1:1']);
    isAway = true;
    expect(await book.resolve()).toEqual(['10.0.0.1:1']);
  });

  it('are looked up by the system', async () => {
    expect(await new AddressBook(['localhost:80']).resolve()).toEqual(['127.0.0.1:80']);
  });

  it.each(['', 'a', 'a:', ':1', 'a:0', 'a:70000', 'http://a:1', 'a:1/x', '::1:3', 'a b:1'])(
    "refuses '%s'",
    (text) => {
      expect(() => new AddressBook([text])).toThrow(
        expect.objectContaining({ code: 'PredictorAddressInvalid' }),
      );
    },
  );
});
