import type { Command } from 'commander';

import { type ClusterFlags, withCluster } from './cluster-flags.ts';

export interface DoctorFlags extends ClusterFlags {
  readonly json?: boolean;
}

/** `tradewind doctor`: what is wrong with an installation. */
export function registerDoctor(program: Command): void {
  withCluster(
    program
      .command('doctor')
      .description(
        'What is wrong with the installation in a namespace, and what to do about it. Changes nothing.',
      )
      .option('--json', 'print JSON'),
  ).action(async (flags: DoctorFlags) => {
    const { runDoctor } = await import('../run/doctor.ts');
    await runDoctor(flags);
  });
}
