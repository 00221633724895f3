import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

/** Structured logger: constant message plus fields with lower-case keys shared by all services. */
export type Logger = PinoLogger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error by default. */
  readonly destination?: DestinationStream;
  /** One readable line per record, for a terminal; JSON otherwise. */
  readonly isReadable?: boolean;
  /** Told of every warning and error, so that each has a counter. */
  readonly onProblem?: (level: 'warn' | 'error', message: string) => void;
}

const WARN = 40;
const ERROR = 50;

/** Creates the logger of a process. */
export function createLogger(options: LoggerOptions): Logger {
  const sink = options.destination ?? { write: (line: string) => void process.stderr.write(line) };
  const destination =
    options.isReadable === true ? { write: (line: string) => sink.write(readable(line)) } : sink;
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args, method, level) {
          if (level >= WARN) {
            const message = args.find((argument): argument is string => typeof argument === 'string') ?? '';
            options.onProblem?.(level >= ERROR ? 'error' : 'warn', message);
          }
          method.apply(this, args);
        },
      },
    },
    destination,
  );
}

function readable(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const shown = Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}${shown === '' ? '' : `  ${shown}`}\n`;
}
