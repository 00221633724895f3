import { FileUnwritable } from '../../pkg/runtime/common-errors.ts';
import { EXIT_CODES } from '../../pkg/runtime/errors.ts';

/** Decides what becomes of the process where its output cannot be written. */
export function guardPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`tradewind … | head`) closes the pipe: that is no failure.
    if (error.code === 'EPIPE') process.exit(0);
    const { code, kind, message } = new FileUnwritable('standard output', error);
    process.stderr.write(`tradewind: ${code}: ${message}\n`);
    process.exit(EXIT_CODES[kind]);
  });
  // Nobody reads what is said: no reason to stop what is done.
  process.stderr.on('error', () => undefined);
}
