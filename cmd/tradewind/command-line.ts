import { Command, CommanderError } from 'commander';

import { ShutdownTimeout } from '../../pkg/runtime/common-errors.ts';
import { EXIT_CODES, TradewindError } from '../../pkg/runtime/errors.ts';
import { VERSION } from '../../pkg/runtime/version.ts';
import { registerActions } from './commands/actions.ts';
import { registerApply } from './commands/apply.ts';
import { registerBench } from './commands/bench.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerFeatures } from './commands/features.ts';
import { registerGet } from './commands/get.ts';
import { registerHistory } from './commands/history.ts';
import { registerLag } from './commands/lag.ts';
import { registerLint } from './commands/lint.ts';
import { registerModels } from './commands/models.ts';
import { registerPredict } from './commands/predict.ts';
import { registerQuarantine } from './commands/quarantine.ts';
import { registerRebuild } from './commands/rebuild.ts';
import { registerServe } from './commands/serve.ts';
import { registerService } from './commands/service.ts';
import { registerSet } from './commands/set.ts';
import { registerSimulate } from './commands/simulate.ts';
import { registerTopics } from './commands/topics.ts';
import { registerTrain } from './commands/train.ts';
import { registerUp } from './commands/up.ts';

const EXIT_CODE_HELP = `
Exit codes: 0 done, 1 our fault, 2 wrong flag or config, 3 bad data, 4 not found, 5 wrong state, 6 a bound was reached,
7 a server or library is away, 8 out of time, 130 interrupted again while it stops (the first interrupt stops in order: 0).`;

/** Every command with its flags, called `name` in its help; importing it loads no client library: each command loads what it needs when it runs. */
function createProgram(name: string): Command {
  const program = new Command(name)
    .description(
      'Machine-learning trading models: market data in, features, honest training, serving, live console.',
    )
    .version(VERSION)
    .configureOutput({
      outputError: (text, write) => {
        const message = text
          .replace(/^error: /, '')
          .trim()
          .replaceAll(/\s*\n\s*/g, ' ');
        write(`tradewind: FlagsInvalid: ${message} (--help shows the flags)\n`);
      },
    })
    .addHelpText('after', EXIT_CODE_HELP)
    .exitOverride();
  for (const register of [
    registerUp,
    registerFeatures,
    registerTrain,
    registerServe,
    registerService,
    registerTopics,
    registerLag,
    registerQuarantine,
    registerRebuild,
    registerLint,
    registerApply,
    registerModels,
    registerPredict,
    registerSimulate,
    registerGet,
    registerActions,
    registerHistory,
    registerSet,
    registerDoctor,
    registerBench,
  ]) {
    register(program);
  }
  return program;
}

/**
 * Runs one command line.
 *
 * @param argv - As in `process.argv`: node, script, then the words.
 * @param name - What the person has typed, for help: `tradewind`, or `kubectl tradewind`.
 * @returns The exit code. A user's mistake is one line on stderr, `tradewind: <Code>: <message>`, and never a stack trace.
 */
export async function runCommandLine(argv: readonly string[], name = 'tradewind'): Promise<number> {
  try {
    await createProgram(name).parseAsync([...argv]);
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage;
    if (error instanceof TradewindError) {
      process.stderr.write(`tradewind: ${error.code}: ${error.message}\n`);
      // What did not stop would keep the process alive.
      if (error instanceof ShutdownTimeout) process.exit(EXIT_CODES[error.kind]);
      return EXIT_CODES[error.kind];
    }
    process.stderr.write(
      `tradewind: Internal: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return EXIT_CODES.internal;
  }
}
