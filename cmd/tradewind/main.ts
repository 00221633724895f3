/** `tradewind`: the command line, and the kubectl plug-in of the same name. */
import { enableCompileCache } from 'node:module';

import { guardPipes } from './pipes.ts';

enableCompileCache();
guardPipes();
const { runCommandLine } = await import('./command-line.ts');
process.exitCode = await runCommandLine(process.argv, process.env['TRADEWIND_CALLED_AS']);
