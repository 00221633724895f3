import type { MarketEvent, QuarantineReason } from '../../events.ts';
import { MalformedLine } from '../../errors.ts';

export interface ParserOptions {
  readonly path: string;
  /** Symbol of the file, where its lines do not say. */
  readonly symbol: string;
  /** IANA zone of times without one; undefined for the zone that the format has by nature. */
  readonly timeZone?: string;
  /** First lines of the file, blank ones left out. */
  readonly sample: readonly string[];
}

/** Turns one line into its events: none for a line without meaning for the market. */
export interface LineParser {
  /** The first line that is not blank is a header: it is not given to `parse`. */
  readonly hasHeader: boolean;
  /** Interval of bars, microseconds; absent where lines are no bars. */
  readonly barIntervalUs?: number;
  /** @throws {MalformedLine} The line goes to quarantine. */
  parse(line: string, lineNumber: number): readonly MarketEvent[];
}

/** A recording format that is read line by line. */
export interface LineFormat {
  readonly name: string;
  readonly description: string;
  recognises(sample: readonly string[], path: string): boolean;
  /** @throws {HeaderInvalid | RecordingNameInvalid | TimeZoneUnknown} The file as a whole is not of this format. */
  createParser(options: ParserOptions): LineParser;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Why a line was set aside: its reason in quarantine is a fact of the error. */
export function malformed(message: string, reason: QuarantineReason = 'Malformed'): MalformedLine {
  return new MalformedLine({ message, facts: { reason } });
}

/** @throws {MalformedLine} The text is not a finite decimal number. */
export function finite(text: string | undefined, name: string): number {
  const value = text === undefined || !DECIMAL.test(text) ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw malformed(`${name} must be a finite number, was '${(text ?? '').slice(0, 40)}'`, 'NotANumber');
}

/** @throws {MalformedLine} The time could not be read. */
export function validTime(timeUs: number, text: string): number {
  if (Number.isSafeInteger(timeUs)) return timeUs;
  throw malformed(
    `time must be a date that exists (RFC 3339) or an epoch number, was '${text.slice(0, 40)}'`,
  );
}
