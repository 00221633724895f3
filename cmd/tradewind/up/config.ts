import { z } from 'zod';

const port = z.int().min(0, 'must be a port, 0 to 65535 (0 picks a free one)').max(65_535);
const share = z.number().min(0).max(0.3).default(0);
const host = z.string().min(1);

/** Configuration of `tradewind up`. Every key has a default; durations and sizes carry their unit in the name. */
export const upConfigSchema = z.strictObject({
  source: z
    .strictObject({
      kind: z.enum(['simulator', 'replay']).default('simulator').describe('Where market data comes from'),
      file: z.string().min(1).optional().describe('Recording or bar file to replay'),
      format: z.string().min(1).optional().describe('Its format; recognised where not given'),
      symbol: z.string().min(1).optional().describe('Its symbol; taken from the file where it says'),
      speed: z
        .union([z.literal('max'), z.number().positive()])
        .default(1)
        .describe('Market seconds per second, or `max` for as fast as possible'),
    })
    .prefault({}),
  simulator: z
    .strictObject({
      symbols: z.array(z.string().min(1)).min(1).default(['ES', 'NQ', 'YM', 'RTY']),
      seed: z.int().nonnegative().default(7),
      ticksPerSecond: z
        .number()
        .positive()
        .max(1000)
        .default(10)
        .describe('Mean ticks per second of each symbol'),
      historySeconds: z
        .int()
        .min(0)
        .max(86_400)
        .default(3600)
        .describe(
          'History simulated at full speed before the stream goes live, seconds; the first model is trained on it',
        ),
      faults: z
        .strictObject({
          late: share.describe('Share of ticks that come after the allowed lateness'),
          duplicate: share.describe('Share of ticks that come twice'),
          bad: share.describe('Share of ticks with a crossed book, a negative size or a price far off'),
          haltsPerHour: z.number().nonnegative().max(60).default(0).describe('Trading halts of 10 to 60 s'),
        })
        .prefault({}),
    })
    .prefault({}),
  features: z
    .strictObject({
      sets: z
        .array(z.enum(['core-v1', 'micro-v1']))
        .min(1)
        .default(['core-v1', 'micro-v1']),
      bar: z.string().default('time:1000').describe('`time:<ms>`, `trades:<n>` or `volume:<n>`'),
      lookbacks: z.array(z.int().min(2).max(1000)).min(1).default([5, 10, 20, 50, 100]),
      allowedLatenessMs: z.int().min(0).max(60_000).default(250),
    })
    .prefault({}),
  model: z
    .strictObject({
      dir: z
        .string()
        .min(1)
        .optional()
        .describe('Artifact to serve; where absent, one is trained at the first start'),
      train: z.boolean().default(true).describe('Whether to train a model where there is none'),
      trainShare: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.5)
        .describe('Share of a recording that the model is trained on; predictions start after it'),
      horizonBars: z.int().positive().default(5),
      folds: z.int().min(2).max(20).default(5),
      costBps: z.number().nonnegative().default(0),
      seed: z.int().nonnegative().default(7),
      threads: z.int().positive().max(64).default(1).describe('Threads of one inference call'),
    })
    .prefault({}),
  prediction: z
    .strictObject({
      overlay: z.enum(['neutral', 'linear']).default('neutral'),
      buyAbove: z.number().min(0).max(1).default(0.6),
      holdAbove: z.number().min(0).max(1).default(0.4),
      maxFeatureAgeMs: z
        .int()
        .positive()
        .default(10_000)
        .describe("Features older than this on the market's clock lead to an abstention"),
      cacheTtlSeconds: z.int().positive().default(300),
    })
    .prefault({}),
  history: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Keep history in the embedded ClickHouse engine'),
      checkpointSeconds: z
        .number()
        .positive()
        .default(5)
        .describe('Time between checkpoints, seconds: what a crash at most repeats'),
    })
    .prefault({}),
  data: z.string().min(1).default('.tradewind').describe('Folder of all that is kept'),
  grpc: z.strictObject({ host: host.default('127.0.0.1'), port: port.default(50_051) }).prefault({}),
  http: z.strictObject({ host: host.default('127.0.0.1'), port: port.default(8080) }).prefault({}),
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
    .prefault({}),
});

export type UpConfig = z.infer<typeof upConfigSchema>;
