/** `tradewind`: the command line, and the kubectl plug-in of the same name. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
// A reader that has seen enough (`tradewind … | head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
const { runCommandLine } = await import('./command-line.ts');
process.exitCode = await runCommandLine(process.argv);
