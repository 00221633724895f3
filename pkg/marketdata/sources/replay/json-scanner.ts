import type { Levels } from '../../events.ts';

const QUOTE = 34;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;
const OPEN = 91;
const BACKSLASH = 92;
const CLOSE = 93;
/** With so many digits both the digits and the power of ten are exact, so that their quotient is the nearest double. */
const MAX_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: MAX_DIGITS + 1 }, (_, i) => 10 ** i);

/**
 * Reads JSON of a known shape by position, several times as fast as a general parser. It knows one way to write a message; where
 * the text deviates `failed` becomes true, and the caller must read the text in the general way. What it does accept, it
 * reads as JSON.parse and Number would: decimal text by the exact case of Clinger's method.
 *
 * @see Clinger (1990), "How to read floating point numbers accurately", PLDI.
 */
export class JsonScanner {
  #text = '';
  #at = 0;
  #scratch = new Float64Array(1024);
  failed = false;

  /** Begins at position `at` of a text. */
  start(text: string, at: number): void {
    this.#text = text;
    this.#at = at;
    this.failed = false;
  }

  /** Takes what must come next, to the letter. */
  expect(literal: string): void {
    if (!this.skip(literal)) this.failed = true;
  }

  /** @returns Whether this came next; then it is taken. */
  skip(literal: string): boolean {
    if (!this.#isAt(literal, this.#at)) return false;
    this.#at += literal.length;
    return true;
  }

  /** @returns Whether this word, up to its closing quote, comes next; then it is taken. */
  skipKnownWord(word: string): boolean {
    const end = this.#at + word.length;
    if (this.#text.charCodeAt(end) !== QUOTE || !this.#isAt(word, this.#at)) return false;
    this.#at = end;
    return true;
  }

  /** The rest must be nothing, or the carriage return of a line. */
  expectEnd(): void {
    const rest = this.#text.length - this.#at;
    if (rest > 1 || (rest === 1 && this.#text.charCodeAt(this.#at) !== 13)) this.failed = true;
  }

  /** Takes text up to the closing quote: letters of ASCII without escapes. */
  skipWord(): void {
    const start = this.#at;
    for (let at = start; ; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code > 32 && code < 127 && code !== QUOTE && code !== BACKSLASH) continue;
      if (code !== QUOTE || at === start) this.failed = true;
      this.#at = at;
      return;
    }
  }

  /** The same text as a string of at most `max` characters. */
  word(max: number): string {
    const start = this.#at;
    this.skipWord();
    if (this.#at - start > max) this.failed = true;
    return this.#text.slice(start, this.#at);
  }

  /** A whole number from 0 as JSON writes it. */
  integer(): number {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    let value = 0;
    for (
      let digit = text.charCodeAt(at) - ZERO;
      digit >= 0 && digit <= 9;
      digit = text.charCodeAt(at) - ZERO
    ) {
      value = value * 10 + digit;
      at += 1;
    }
    const digits = at - start;
    const hasLeadingZero = digits > 1 && text.charCodeAt(start) === ZERO;
    if (digits === 0 || digits > MAX_DIGITS || hasLeadingZero) this.failed = true;
    this.#at = at;
    return value;
  }

  /** A decimal number from 0, without exponent. */
  decimal(): number {
    const text = this.#text;
    let at = this.#at;
    let value = 0;
    let digits = 0;
    let point = -1;
    for (; ; at += 1) {
      const code = text.charCodeAt(at);
      const digit = code - ZERO;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        digits += 1;
      } else if (code === POINT && point === -1) {
        point = digits;
      } else {
        break;
      }
    }
    this.#at = at;
    if (digits === 0 || digits > MAX_DIGITS) {
      this.failed = true;
      return Number.NaN;
    }
    return point === -1 ? value : value / POWERS_OF_TEN[digits - point]!;
  }

  /** A list of `["price","size"]`. */
  levels(): Levels {
    const text = this.#text;
    let count = 0;
    this.expect('[');
    if (this.skip(']')) return new Float64Array(0);
    while (!this.failed) {
      if (count + 2 > this.#scratch.length) this.#grow();
      if (text.charCodeAt(this.#at) !== OPEN) this.failed = true;
      this.#at += 1;
      this.expect('"');
      this.#scratch[count] = this.decimal();
      this.expect('","');
      this.#scratch[count + 1] = this.decimal();
      this.expect('"]');
      count += 2;
      const code = text.charCodeAt(this.#at);
      this.#at += 1;
      if (code === CLOSE) return this.#scratch.slice(0, count);
      if (code !== COMMA) this.failed = true;
    }
    return this.#scratch.slice(0, 0);
  }

  #isAt(literal: string, at: number): boolean {
    for (let i = 0; i < literal.length; i += 1) {
      if (this.#text.charCodeAt(at + i) !== literal.charCodeAt(i)) return false;
    }
    return true;
  }

  #grow(): void {
    const scratch = new Float64Array(this.#scratch.length * 2);
    scratch.set(this.#scratch);
    this.#scratch = scratch;
  }
}
