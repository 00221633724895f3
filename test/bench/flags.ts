import { parseArgs, type ParseArgsConfig } from 'node:util';

import { FlagsInvalid } from '../../cmd/tradewind/errors.ts';
import { EXIT_CODES } from '../../pkg/runtime/errors.ts';

/** Flags of a bench, as `parseArgs` reads them. What it does not know ends the process with one line. */
export function benchFlags<const T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>>['values'] {
  try {
    return parseArgs(config).values;
  } catch (cause) {
    const { code, message, kind } = new FlagsInvalid(cause instanceof Error ? cause.message : String(cause));
    process.stderr.write(`tradewind: ${code}: ${message}\n`);
    process.exit(EXIT_CODES[kind]);
  }
}
