import type { Command } from 'commander';

export interface BenchFlags {
  readonly json?: boolean;
}

/** `tradewind bench`: the benches of `test/bench`. */
export function registerBench(program: Command): void {
  program
    .command('bench')
    .description(
      'Run one bench, or all of them, each in a process of its own; with no name and --list, list them.',
    )
    .argument('[name]', 'name of the bench')
    .argument('[flags...]', 'flags of that bench, after --')
    .option('--json', 'print one JSON object per bench')
    .option('--list', 'list the benches')
    .action(
      async (
        name: string | undefined,
        own: readonly string[],
        flags: BenchFlags & { readonly list?: boolean },
      ) => {
        const { runBench } = await import('../run/bench.ts');
        await runBench(name, own, flags);
      },
    );
}
