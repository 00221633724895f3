import { describe, expect, it } from 'vitest';

import { HeaderInvalid } from '../../../errors.ts';
import { eventsOf, fileWith, outlineOf, quarantinedOf, replay } from '../files.testing.ts';

const US = (text: string): number => Date.parse(text) * 1000;

describe('bars as CSV', () => {
  it('reads columns by name in any case and order, with quote, and takes the row as the start of its bar', async () => {
    const text = [
      'Close,HIGH,Low,Open,Ask Size,Timestamp,bid,Ask,bid_size,Volume,what',
      '10.5,11,9,10,4,2024-01-01T00:00:00Z,10.4,10.6,3,7,x',
      '10.6,11,9,10.5,4,2024-01-01T00:05:00Z,10.4,10.6,3,8,x',
    ].join('\r\n');
    const items = await replay({ path: fileWith('6E_5m.csv', text) });
    expect(eventsOf(items)[0]).toEqual({
      ...{ kind: 'bar', source: 'file.bar', symbol: '6E', sequence: 2 },
      ...{ startTimeUs: US('2024-01-01T00:00:00Z'), eventTimeUs: US('2024-01-01T00:05:00Z') },
      receiveTimeUs: US('2024-01-01T00:05:00Z'),
      ...{ open: 10, high: 11, low: 9, close: 10.5, volume: 7 },
      ...{ bidPrice: 10.4, bidSize: 3, askPrice: 10.6, askSize: 4 },
    });
  });

  it.each([
    [
      'blank lines before the header',
      '\n  \n\ntime,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,1,1,1,1\n',
    ],
    ['a byte order mark', '\u{feff}time,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,1,1,1,1\n'],
    [
      'quoted fields',
      '"time","open","high","low","close"\n"2024-01-01","1","1","1","1"\n2024-01-02,1,1,1,1\n',
    ],
    ['an unnamed first column', ',Open,High,Low,Close\n2024-01-01,1,1,1,1\n2024-01-02,1,1,1,1\n'],
    [
      'date and time apart',
      'Date,Time,Open,High,Low,Close\n2024-01-01,00:00,1,1,1,1\n2024-01-02,00:00:00,1,1,1,1\n',
    ],
    [
      'date and time apart, digits only',
      'date,time,open,high,low,close\n20240101,000000,1,1,1,1\n20240102,000000,1,1,1,1\n',
    ],
    [
      'a date beside a whole time',
      'date,time,open,high,low,close\nMon,2024-01-01,1,1,1,1\nTue,2024-01-02,1,1,1,1\n',
    ],
    [
      'date and time under one name',
      'Date,Open,High,Low,Close\n2024-01-01,00:00:00,1,1,1,1\n2024-01-02,00:00:00,1,1,1,1\n',
    ],
    ['compact dates', 'date,open,high,low,close\n20240101,1,1,1,1\n20240102,1,1,1,1\n'],
    ['epoch seconds', 'time,open,high,low,close\n1704067200,1,1,1,1\n1704153600,1,1,1,1\n'],
    [
      'epoch nanoseconds',
      'ts,open,high,low,close\n1704067200000000000,1,1,1,1\n1704153600000000000,1,1,1,1\n',
    ],
  ])('reads %s', async (_case, text) => {
    const items = await replay({ path: fileWith('x.csv', text) });
    expect(outlineOf(items)).toEqual(['bar', 'bar']);
    expect(eventsOf(items).map(({ eventTimeUs }) => eventTimeUs)).toEqual([
      US('2024-01-02T00:00:00Z'),
      US('2024-01-03T00:00:00Z'),
    ]);
    expect(eventsOf(items)[0]).toMatchObject({ open: 1, close: 1, volume: 0 });
  });

  it('sets bad rows aside with file and line, and goes on', async () => {
    const rows = [
      'time,open,high,low,close,volume',
      '2024-01-01T00:00:00Z,1,1,1,1,5',
      '2024-02-31T00:00:00Z,1,1,1,1,5',
      '2024-01-01T00:02:00Z,1,1,NaN,1,5',
      '2024-01-01T00:03:00Z,1,1,0x10,1,5',
      '2024-01-01T00:04:00Z,1,1',
      'null',
      '',
      '\u0000\u0001junk,,,,',
      '2024-01-01T00:05:00Z,1,1,1,1,',
      '2024-01-01T00:06:00Z,1,1,1,1,many',
    ];
    const path = fileWith('x.csv', rows.join('\n'));
    const items = await replay({ path });
    expect(outlineOf(items)).toEqual([
      ...[
        'bar',
        '!Malformed',
        '!NotANumber',
        '!NotANumber',
        '!NotANumber',
        '!Malformed',
        '!Malformed',
        'bar',
      ],
      '!NotANumber',
    ]);
    expect(quarantinedOf(items)[0]).toMatchObject({
      origin: 'x.csv:3',
      message: "time must be a date that exists (RFC 3339) or an epoch number, was '2024-02-31T00:00:00Z'",
      raw: rows[2],
      symbol: 'X',
      receiveTimeUs: eventsOf(items)[0]!.receiveTimeUs,
    });
    expect(quarantinedOf(items)[5]!.raw).toBe('..junk,,,,');
  });

  it.each([
    ['no time', 'open,high,low,close\n1,1,1,1\n', undefined],
    ['bars without a close', 'time,open,high,low\n1,1,1,1\n', 'bars'],
    ['quotes without an ask', 'time,bid\n1,1\n', 'quotes'],
    ['quotes without a time', 'bid,ask\n1,1\n', 'quotes'],
    ['nothing of what MBP-1 has', 'time,open\n1,1\n', 'databento-mbp1'],
  ])('refuses a header with %s', async (_case, text, format) => {
    const options = { path: fileWith('x.csv', text), ...(format === undefined ? {} : { format }) };
    await expect(replay(options)).rejects.toThrow(HeaderInvalid);
  });
});

describe('quote ticks as CSV', () => {
  it('reads ticks with a header, sizes where there are', async () => {
    const text =
      '\nask_size,timestamp,bid,ask,bid_size\n2,2013-01-01 22:00:00.295+00:00,86.655,86.728,1\n,x,1,2,3\n';
    const items = await replay({ path: fileWith('usdjpy.csv', text), symbol: 'USDJPY' });
    expect(outlineOf(items)).toEqual(['quote', '!Malformed']);
    expect(eventsOf(items)[0]).toEqual({
      ...{ kind: 'quote', source: 'file.quote', symbol: 'USDJPY', sequence: 3 },
      ...{ eventTimeUs: US('2013-01-01T22:00:00.295Z'), receiveTimeUs: US('2013-01-01T22:00:00.295Z') },
      ...{ bidPrice: 86.655, bidSize: 1, askPrice: 86.728, askSize: 2 },
    });
  });

  it('reads ticks without a header, in a zone when told', async () => {
    const path = fileWith('fx.csv', '20200102 170000065,1.1,1.2,0\n20200102 170000066,1.1\n');
    const items = await replay({ path, timeZone: 'America/New_York' });
    expect(outlineOf(items)).toEqual(['quote', '!Malformed']);
    expect(eventsOf(items)[0]).toMatchObject({ eventTimeUs: US('2020-01-02T22:00:00.065Z'), bidSize: 0 });
  });
});

describe('Databento MBP-1 as CSV', () => {
  const HEADER =
    'ts_event_ns,ts_recv_ns,sequence,action,side,depth,price,size,flags,bid_px,ask_px,bid_sz,ask_sz,bid_ct,ask_ct';
  const row = (action: string, side: string, price = '10') =>
    `1719878281218218853,1719878281218485389,9,${action},${side},0,${price},2,0,9.75,10.25,29,6,22,3`;

  it('reads a trade with its side and the quote after it', async () => {
    const path = fileWith('ES.csv', [HEADER, row('T', 'B'), row('T', 'N'), row('A', 'A', '')].join('\n'));
    const events = eventsOf(await replay({ path }));
    expect(events.map(({ kind, sequence }) => [kind, sequence])).toEqual([
      ...[
        ['trade', 2],
        ['quote', 2],
        ['trade', 3],
        ['quote', 3],
      ],
      ['quote', 4],
    ]);
    expect(events[0]).toMatchObject({
      ...{ eventTimeUs: 1_719_878_281_218_218, receiveTimeUs: 1_719_878_281_218_485 },
      ...{ price: 10, size: 2, side: 'buy', symbol: 'ES', source: 'databento.trade' },
    });
    expect(events[2]).not.toHaveProperty('side');
    expect(events[1]).toMatchObject({ bidPrice: 9.75, bidSize: 29, askPrice: 10.25, askSize: 6 });
  });

  const fixed = (price: string, bid = '5528500000000') =>
    row('T', 'B', price).replace(',9.75,10.25,', `,${bid},5528750000000,`);

  it('reads prices in fixed point, though junk stands among the first rows', async () => {
    const rows = [
      HEADER,
      'null',
      fixed('5528750000000'),
      fixed('9223372036854775807'),
      fixed('-37630000000'),
    ];
    const items = await replay({ path: fileWith('ES.csv', rows.join('\n')) });
    expect(outlineOf(items)).toEqual(['!Malformed', 'trade', 'quote', '!NotANumber', 'trade', 'quote']);
    const events = eventsOf(items);
    expect(events[0]).toMatchObject({ price: 5528.75 });
    expect(events[1]).toMatchObject({ bidPrice: 5528.5, askPrice: 5528.75 });
    expect(events[2]).toMatchObject({ price: -37.63 });
  });

  it.each([
    ['decimal among fixed point', fixed('5528750000000'), fixed('5528.75')],
    ['fixed point among decimals', row('T', 'B'), fixed('5528750000000')],
  ])(
    'sets aside a price in %s, rather than read it a thousand million times too large or small',
    async (_, usual, other) => {
      const rows = [HEADER, ...Array<string>(250).fill(usual), other];
      const items = await replay({ path: fileWith('ES.csv', rows.join('\n')) });
      expect(outlineOf(items).slice(-3)).toEqual(['trade', 'quote', '!NotANumber']);
    },
  );

  it('sets aside what it cannot read', async () => {
    const rows = [
      HEADER,
      row('T', 'A', 'x'),
      row('A', 'A').replace('1719878281218218853', '17e17'),
      'a,b',
      'null',
    ];
    const items = await replay({ path: fileWith('ES.csv', rows.join('\n')) });
    expect(outlineOf(items)).toEqual(['!NotANumber', '!Malformed', '!Malformed', '!Malformed']);
  });
});
