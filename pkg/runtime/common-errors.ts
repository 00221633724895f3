import { TradewindError } from './errors.ts';

/**
 * Configuration from file, environment or flags is wrong; the message has one line per fault.
 *
 * @remedy Correct each line that the message has; the reference of settings has names, types and defaults.
 */
export class ConfigInvalid extends TradewindError {
  readonly code = 'ConfigInvalid';
  readonly kind = 'usage';
  /** One line each. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super({
      message: `configuration must be valid, had ${faults.length} fault${faults.length === 1 ? '' : 's'}:\n${faults
        .map((fault) => `  ${fault}`)
        .join('\n')}`,
      facts: { faults: faults.length },
    });
    this.faults = faults;
  }
}

/** A file that was named is not there or cannot be read. */
export class FileUnreadable extends TradewindError {
  readonly code = 'FileUnreadable';
  readonly kind = 'notFound';

  constructor(path: string, cause?: unknown) {
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
    super({ message: `file must be there and readable, was '${path}' (${why})`, facts: { path }, cause });
  }
}

/**
 * A file or folder cannot be written where it was wanted.
 *
 * @remedy Choose a place that can be written, or free some space.
 */
export class FileUnwritable extends TradewindError {
  readonly code = 'FileUnwritable';
  readonly kind = 'usage';

  constructor(path: string, cause?: unknown) {
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
    super({ message: `'${path}' must be writable, is not (${why})`, facts: { path }, cause });
  }
}

/**
 * Another process listens on the address already.
 *
 * @remedy End the other process or choose another port; 0 picks a free one.
 */
export class PortInUse extends TradewindError {
  readonly code = 'PortInUse';
  readonly kind = 'unavailable';

  constructor(host: string, port: number, cause?: unknown) {
    super({
      message: `address must be free, but another process listens on ${host}:${port}`,
      facts: { host, port },
      cause,
    });
  }
}

/** An address cannot be listened on. */
export class AddressUnusable extends TradewindError {
  readonly code = 'AddressUnusable';
  readonly kind = 'usage';

  constructor(host: string, port: number, cause?: unknown) {
    const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
    super({
      message: `address must be one of this machine's, was ${host}:${port} (${why})`,
      facts: { host, port },
      cause,
    });
  }
}

/** A body is larger than its bound. */
export class BodyTooLarge extends TradewindError {
  readonly code = 'BodyTooLarge';
  readonly kind = 'exhausted';
  override readonly httpStatus = 413;

  constructor(maxBytes: number) {
    super({ message: `body must be at most ${maxBytes} bytes, was larger`, facts: { maxBytes } });
  }
}

/** Something did not stop in time. */
export class ShutdownTimeout extends TradewindError {
  readonly code = 'ShutdownTimeout';
  readonly kind = 'deadline';

  constructor(names: readonly string[]) {
    super({
      message: `everything must stop in time, these did not: ${names.join(', ')}`,
      facts: { names: names.join(',') },
    });
  }
}

/** A test asked for a crash at a point, or by a signal, that there is not. */
export class CrashPointUnknown extends TradewindError {
  readonly code = 'CrashPointUnknown';
  readonly kind = 'usage';

  constructor(variable: string, known: readonly string[], text: string) {
    super({
      message: `${variable} must be one of ${known.join(', ')} (':n' behind a point means its n-th passing), was '${text}'`,
      facts: { variable, text },
    });
  }
}
