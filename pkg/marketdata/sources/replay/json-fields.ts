import type { Levels } from '../../events.ts';
import { finite, malformed } from './format.ts';

/** An object of a message, its fields not yet looked at. */
export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_SYMBOL = 64;
/** Milliseconds that still fit as microseconds. */
const MAX_MILLISECONDS = Number.MAX_SAFE_INTEGER / 1000;

/** @throws {MalformedLine} It is not JSON, or not an object. */
export function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('line must hold a JSON message');
  }
  return objectOf(value, 'message');
}

/** @throws {MalformedLine} */
export function objectOf(value: unknown, name: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw malformed(`${name} must be an object, was ${shown(value)}`);
}

/** A symbol: text that is not empty, of at most 64 characters, none of them invisible. @throws {MalformedLine} */
export function symbolOf(message: JsonObject, name: string): string {
  const value = message[name];
  if (typeof value === 'string' && value.length <= MAX_SYMBOL && /^[^\s\p{C}]+$/u.test(value)) return value;
  throw malformed(`${name} must be a symbol of 1 to ${MAX_SYMBOL} characters, was ${shown(value)}`);
}

/** A number that the venue counts with: whole, from 0. @throws {MalformedLine} */
export function idOf(message: JsonObject, name: string): number {
  const value = message[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed(`${name} must be a whole number from 0, was ${shown(value)}`);
}

/** An epoch time in milliseconds. @throws {MalformedLine} */
export function millisecondsOf(message: JsonObject, name: string): number {
  const value = idOf(message, name);
  if (value <= MAX_MILLISECONDS) return value;
  throw malformed(`${name} must be epoch milliseconds, was ${value}`);
}

/** A decimal number written as text. @throws {MalformedLine} */
export function decimalOf(message: JsonObject, name: string): number {
  const value = message[name];
  if (typeof value === 'string') return finite(value, name);
  throw malformed(`${name} must be a number written as text, was ${shown(value)}`);
}

/** @throws {MalformedLine} */
export function booleanOf(message: JsonObject, name: string): boolean {
  const value = message[name];
  if (typeof value === 'boolean') return value;
  throw malformed(`${name} must be true or false, was ${shown(value)}`);
}

/** Price levels: a list of `[price, size]`, both decimal text; further fields of a level are passed over. @throws {MalformedLine} */
export function levelsOf(message: JsonObject, name: string): Levels {
  const pairs = message[name];
  if (!Array.isArray(pairs)) throw malformed(`${name} must be a list of [price, size], was ${shown(pairs)}`);
  const levels = new Float64Array(pairs.length * 2);
  for (let i = 0; i < pairs.length; i += 1) {
    const pair: unknown = pairs[i];
    if (!Array.isArray(pair) || typeof pair[0] !== 'string' || typeof pair[1] !== 'string')
      throw malformed(`${name} must be a list of [price, size], level ${i} was ${shown(pair)}`);
    levels[2 * i] = finite(pair[0], 'level price');
    levels[2 * i + 1] = finite(pair[1], 'level size');
  }
  return levels;
}

function shown(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value).slice(0, 40);
}
