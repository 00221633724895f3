import { TradewindError } from '../runtime/errors.ts';

/**
 * A recording is not there or cannot be read.
 *
 * @remedy Name a file that is there and may be read.
 */
export class RecordingUnreadable extends TradewindError {
  readonly code = 'RecordingUnreadable';
  readonly kind = 'notFound';

  constructor(path: string, cause?: unknown) {
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
    super({ message: `recording must be a readable file, was '${path}' (${why})`, facts: { path }, cause });
  }
}

/**
 * A recording is a pipe or a device. It is read more than once: for its format, and again by a run that goes on or trains.
 *
 * @remedy Write it into a file first.
 */
export class RecordingNotFile extends TradewindError {
  readonly code = 'RecordingNotFile';
  readonly kind = 'usage';

  constructor(path: string) {
    super({
      message: `recording must be a file, which can be read more than once, was '${path}', a pipe or device`,
      facts: { path },
    });
  }
}

/**
 * A compressed recording ends before its end, or is not what its name says.
 *
 * @remedy Take a whole copy of the recording.
 */
export class RecordingCorrupt extends TradewindError {
  readonly code = 'RecordingCorrupt';
  readonly kind = 'data';

  constructor(path: string, why: string, cause?: unknown) {
    super({ message: `recording '${path}' must be whole, ${why}`, facts: { path }, cause });
  }
}

/** There is nothing in it. */
export class RecordingEmpty extends TradewindError {
  readonly code = 'RecordingEmpty';
  readonly kind = 'data';

  constructor(path: string) {
    super({ message: `recording must have at least one line, '${path}' is empty`, facts: { path } });
  }
}

/**
 * None of the known formats fits, or one was named that does not exist.
 *
 * @remedy Name the format with `--format`; the guide to market data lists them.
 */
export class FormatUnknown extends TradewindError {
  readonly code = 'FormatUnknown';
  readonly kind = 'data';

  constructor(path: string, known: readonly string[], named?: string) {
    super({
      message:
        named === undefined
          ? `format of '${path}' must be one of ${known.join(', ')}; its first lines fit none`
          : `--format must be one of ${known.join(', ')}, was '${named}'`,
      facts: { path },
    });
  }
}

/** The header lacks columns that must be there. */
export class HeaderInvalid extends TradewindError {
  readonly code = 'HeaderInvalid';
  readonly kind = 'data';

  constructor(path: string, missing: readonly string[], header: string) {
    super({
      message: `header of '${path}' must name ${missing.join(', ')}, was '${header.slice(0, 200)}'`,
      facts: { path, missing: missing.join(',') },
    });
  }
}

/** A format that reads facts from the file's name finds none there. */
export class RecordingNameInvalid extends TradewindError {
  readonly code = 'RecordingNameInvalid';
  readonly kind = 'data';

  constructor(path: string, pattern: string) {
    super({ message: `name of the recording must be ${pattern}, was '${path}'`, facts: { path } });
  }
}

/** Settings of the simulator are out of bounds, all of them told at once. */
export class SimulatorSettingsInvalid extends TradewindError {
  readonly code = 'SimulatorSettingsInvalid';
  readonly kind = 'usage';

  constructor(problems: readonly string[]) {
    super({ message: `simulator: ${problems.join('; ')}` });
  }
}

/**
 * A time zone is not one that is known.
 *
 * @remedy Write an IANA name such as `America/New_York`.
 */
export class TimeZoneUnknown extends TradewindError {
  readonly code = 'TimeZoneUnknown';
  readonly kind = 'usage';

  constructor(timeZone: string) {
    super({
      message: `time zone must be an IANA name such as America/New_York, was '${timeZone}'`,
      facts: { timeZone },
    });
  }
}

/** One line that cannot be read: it goes to quarantine, the recording goes on. */
export class MalformedLine extends TradewindError {
  readonly code = 'MalformedLine';
  readonly kind = 'data';
}
