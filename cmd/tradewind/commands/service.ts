import type { Command } from 'commander';

/** A process of the distributed system: what it does, and its program, loaded when it is asked for. */
interface Service {
  readonly description: string;
  readonly load: () => Promise<{ readonly run: (configFile?: string) => Promise<void> }>;
}

const SERVICES: Readonly<Record<string, Service>> = {
  collector: {
    description: 'Market data of one source, validated, into Kafka.',
    load: () => import('../../collector/main.ts'),
  },
  controller: {
    description: 'Brings TradingModels of a Kubernetes namespace to what they ask for; needs no Kafka.',
    load: () => import('../../controller/main.ts'),
  },
  features: {
    description: 'Market data from Kafka into feature vectors, to Kafka and the online store.',
    load: () => import('../../features/main.ts'),
  },
  gateway: {
    description:
      'Predictions by remote predictors: for callers over gRPC and HTTP, and for the stream in Kafka.',
    load: () => import('../../gateway/main.ts'),
  },
  predictor: {
    description: 'Models over the Open Inference Protocol v2; needs no Kafka.',
    load: () => import('../../predictor/main.ts'),
  },
  recorder: {
    description: 'Everything that Kafka carries, into ClickHouse.',
    load: () => import('../../recorder/main.ts'),
  },
};

/** `tradewind service`: one process of the distributed system. */
export function registerService(program: Command): void {
  const service = program
    .command('service')
    .description(
      'Run one process of the distributed system; TRADEWIND_* of the environment wins over the file.',
    );
  for (const [name, { description, load }] of Object.entries(SERVICES)) {
    service
      .command(name)
      .description(description)
      .option('--config <file>', 'configuration, YAML or JSON')
      .action(async ({ config }: { readonly config?: string }) => (await load()).run(config));
  }
}
