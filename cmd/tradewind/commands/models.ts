import type { Command } from 'commander';

export interface ModelsFlags {
  readonly data: string;
  readonly json?: boolean;
}

export interface VerifyFlags {
  readonly key?: string;
  readonly json?: boolean;
}

/** `tradewind models`: artifacts on disk. */
export function registerModels(program: Command): void {
  const models = program.command('models').description('Artifacts: list, inspect, verify, sign.');
  models
    .command('ls')
    .description('List the artifacts below a folder.')
    .option('--data <dir>', 'folder given to `tradewind up`', '.tradewind')
    .option('--json', 'print JSON')
    .action(async (flags: ModelsFlags) => {
      const { listModels } = await import('../run/models-ls.ts');
      await listModels(flags);
    });
  models
    .command('inspect')
    .description('Manifest, contract, digest, graph and importance of one artifact.')
    .argument('<artifact>', 'artifact folder, or its address')
    .option('--json', 'print JSON')
    .action(async (dir: string, flags: Pick<ModelsFlags, 'json'>) => {
      const { inspectModel } = await import('../run/models.ts');
      await inspectModel(dir, flags);
    });
  models
    .command('verify')
    .description('Check every digest, the graph and the contract; exit code 3 when one is wrong.')
    .argument('<artifact>', 'artifact folder, or its address')
    .option('--key <file>', 'public key, PEM, that must have signed it')
    .option('--json', 'print JSON')
    .action(async (dir: string, flags: VerifyFlags) => {
      const { verifyModel } = await import('../run/models.ts');
      await verifyModel(dir, flags);
    });
  models
    .command('sign')
    .description('Sign an artifact: write manifest.json.sig beside its manifest.')
    .argument('<dir>', 'artifact folder')
    .requiredOption('--key <file>', 'private key, PEM: Ed25519 or ECDSA P-256')
    .action(async (dir: string, { key }: { readonly key: string }) => {
      const { signModel } = await import('../run/models.ts');
      await signModel(dir, key);
    });
}
