import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { TimeZoneUnknown } from '../../errors.ts';
import { createTimeParser } from './time.ts';

const utc = createTimeParser();
const iso = (us: number): string => new Date(us / 1000).toISOString();

describe('time parser', () => {
  it.each([
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2024-02-29T12:34:56Z', '2024-02-29T12:34:56.000Z'],
    ['2024-02-29 12:34', '2024-02-29T12:34:00.000Z'],
    ['2024-02-29,12:34:56', '2024-02-29T12:34:56.000Z'],
    ['2012-02-01 00:00:00+00:00', '2012-02-01T00:00:00.000Z'],
    ['2012-02-01 01:00:00.250+0530', '2012-01-31T19:30:00.250Z'],
    ['2012-02-01T01:00:00-05:00', '2012-02-01T06:00:00.000Z'],
    ['20240101', '2024-01-01T00:00:00.000Z'],
    ['202401010930', '2024-01-01T09:30:00.000Z'],
    ['20240101093015', '2024-01-01T09:30:15.000Z'],
    ['20240101093015250', '2024-01-01T09:30:15.250Z'],
    ['20200101 170000065', '2020-01-01T17:00:00.065Z'],
    ['20200101 17:00:00', '2020-01-01T17:00:00.000Z'],
    ['1700000000', '2023-11-14T22:13:20.000Z'],
    ['1700000000.5', '2023-11-14T22:13:20.500Z'],
    ['1700000000123', '2023-11-14T22:13:20.123Z'],
    ['1700000000123456', '2023-11-14T22:13:20.123Z'],
    ['1700000000123456789', '2023-11-14T22:13:20.123Z'],
  ])('reads %s', (text, expected) => {
    expect(iso(utc(text))).toBe(expected);
  });

  it.each([
    ...['2024-02-31', '2023-02-29', '1900-02-29', '2024-13-01', '2024-00-10', '2024-01-00', '2024-04-31'],
    ...['2024-01-01T24:00:00', '2024-01-01 12:60', '2024-01-01 12:00:60', '2024-13-45T25:61:00'],
    ...['20241301', '20240230', '202401012460', '20240101 250000', '20240101126000'],
    ...['2024-01-01T00:00:00+24:00', '2024-01-01T00:00:00+01:60'],
    ...['', ' ', 'now', '0x10', '1e9', 'Infinity', 'NaN', '2024-1-1', '2024-0101', '12:30', '1,5'],
  ])('refuses %j', (text) => {
    expect(utc(text)).toBeNaN();
  });

  it('keeps microseconds of text and of nanoseconds exactly', () => {
    expect(utc('2024-01-01T00:00:00.123456789Z') % 1e6).toBe(123_456);
    expect(utc('1723161253937085768')).toBe(1_723_161_253_937_085);
  });

  it('reads back any time that it is given in any of its forms', () => {
    const us = fc.integer({ min: Date.UTC(1980, 0, 1) * 1000, max: Date.UTC(2099, 11, 31) * 1000 });
    fc.assert(
      fc.property(us, (time) => {
        const text = new Date(Math.floor(time / 1000)).toISOString();
        const micro = `${text.slice(0, -1)}${String(time % 1000).padStart(3, '0')}`;
        expect(utc(micro)).toBe(time);
        expect(utc(`${micro}Z`)).toBe(time);
        expect(utc(micro.replaceAll(/[-:.]|T/g, (mark) => (mark === 'T' ? ' ' : '')))).toBe(time);
        const whole = Math.floor(time / 1000) * 1000;
        expect(utc(text.replaceAll(/[-:.TZ]/g, ''))).toBe(whole);
        expect(utc(String(time))).toBe(time);
      }),
    );
  });

  it('takes a zone for times that carry none, on both sides of a change of the clocks', () => {
    const newYork = createTimeParser('America/New_York');
    expect(iso(newYork('2024-01-02 09:30'))).toBe('2024-01-02T14:30:00.000Z');
    expect(iso(newYork('2024-07-02 09:30'))).toBe('2024-07-02T13:30:00.000Z');
    expect(iso(newYork('2024-03-10 01:59'))).toBe('2024-03-10T06:59:00.000Z');
    expect(iso(newYork('2024-03-10 03:00'))).toBe('2024-03-10T07:00:00.000Z');
    expect(iso(newYork('2024-01-02T09:30Z'))).toBe('2024-01-02T09:30:00.000Z');
    expect(newYork('2024-02-31')).toBeNaN();
  });

  it('refuses a zone that is not known', () => {
    expect(() => createTimeParser('Mars/Olympus')).toThrow(TimeZoneUnknown);
  });
});
