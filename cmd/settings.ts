import { z } from 'zod';

import { DEFAULT_OVERLAY } from '../pkg/prediction/overlay.ts';
import { DEFAULT_REST_TIMEOUT_MS } from '../pkg/inference/oip/rest-timeout.ts';
import { DEFAULT_MAX_INLINE_MS, MAX_WORKERS } from '../pkg/inference/placement.ts';
import { DEFAULT_SAMPLE_RATIO } from '../pkg/tracing/settings.ts';

const share = z.number().min(0).max(0.3).default(0);
const port = z.int().min(0, 'must be a port, 0 to 65535 (0 picks a free one)').max(65_535);
const host = z.string().min(1);

/** Text that no message shows. */
export const secret = z.string().meta({ isSecret: true }).default('');

/** Where market data comes from; which of the sources, {@link sourceKind} says. */
export const sourceSection = z
  .strictObject({
    kind: z
      .enum(['simulator', 'replay'])
      .optional()
      .describe('Where market data comes from; `replay` where a file is given, else `simulator`'),
    file: z.string().min(1).optional().describe('Recording or bar file to replay'),
    format: z.string().min(1).optional().describe('Its format; recognised where not given'),
    symbol: z.string().min(1).optional().describe('Its symbol; taken from the file where it says'),
    timeZone: z
      .string()
      .min(1)
      .optional()
      .describe('IANA time zone of times without one; UTC where not given'),
    speed: z
      .union([z.literal('max'), z.number().positive()])
      .default(1)
      .describe('Market seconds per second, or `max` for as fast as possible'),
  })
  .superRefine((source, context) => {
    const fault = (key: 'file' | 'format' | 'symbol', message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message, input: source[key] });
    };
    if (sourceKind(source) === 'replay') {
      if (source.file === undefined) fault('file', 'must name the recording to replay (--file)');
      return;
    }
    for (const key of ['file', 'format', 'symbol'] as const) {
      if (source[key] !== undefined)
        fault(key, 'must be absent with the simulator: it belongs to a recording');
    }
  })
  .prefault({});

/** Which source a section asks for. */
export function sourceKind({
  kind,
  file,
}: {
  readonly kind?: 'simulator' | 'replay' | undefined;
  readonly file?: string | undefined;
}): 'simulator' | 'replay' {
  return kind ?? (file === undefined ? 'simulator' : 'replay');
}

/** The simulated market. */
export const simulatorSection = z
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
  .prefault({});

/** What is computed of the stream. */
export const featuresSection = z
  .strictObject({
    sets: z
      .array(z.enum(['core-v1', 'micro-v1']))
      .min(1)
      .default(['core-v1', 'micro-v1']),
    bar: z.string().default('time:1000').describe('`time:<ms>`, `trades:<n>` or `volume:<n>`'),
    lookbacks: z.array(z.int().min(2).max(1000)).min(1).default([5, 10, 20, 50, 100]),
    allowedLatenessMs: z.int().min(0).max(60_000).default(250),
  })
  .prefault({});

/** Threads of one inference call. */
export const threads = z.int().positive().max(64).default(1).describe('Threads of one inference call');

/** Time of an inference over REST. */
export const restTimeoutMs = z
  .number()
  .positive()
  .max(3_600_000)
  .default(DEFAULT_REST_TIMEOUT_MS)
  .describe(
    'Time that an inference over REST may take, waiting included, where the request has no parameter `timeout` of its own, milliseconds; then it is answered with `RequestExpired`, 504',
  );

/** Where a model runs. */
export const placementSection = z
  .strictObject({
    mode: z
      .enum(['auto', 'inline', 'worker'])
      .default('auto')
      .describe(
        'Thread that a model runs on: `inline` the one that serves, `worker` threads of its own, `auto` by what is measured when it is loaded',
      ),
    maxInlineMs: z
      .number()
      .positive()
      .max(1000)
      .default(DEFAULT_MAX_INLINE_MS)
      .describe('For `auto`: longest run of a full batch that may hold the thread that serves, milliseconds'),
    workers: z
      .int()
      .min(1)
      .max(MAX_WORKERS)
      .default(1)
      .describe('Worker threads of a model that runs on workers; each holds a copy of it'),
  })
  .prefault({});

/** How a probability becomes a recommendation, and when none is made. */
export const predictionSection = z
  .strictObject({
    overlay: z.enum(['neutral', 'linear']).default(DEFAULT_OVERLAY.policy),
    buyAbove: z.number().min(0).max(1).default(DEFAULT_OVERLAY.buyAbove),
    holdAbove: z.number().min(0).max(1).default(DEFAULT_OVERLAY.holdAbove),
    maxFeatureAgeMs: z
      .int()
      .positive()
      .default(10_000)
      .describe("Features older than this on the market's clock lead to an abstention"),
    cacheTtlSeconds: z
      .int()
      .positive()
      .default(300)
      .describe('Time for which an answer to given features is kept'),
    cache: z
      .enum(['store', 'memory'])
      .default('store')
      .describe('Where it is kept: the online store, for all who share it, or the memory of the process'),
  })
  .refine(({ buyAbove, holdAbove }) => holdAbove <= buyAbove, {
    path: ['holdAbove'],
    message: 'must be at most buyAbove',
  })
  .prefault({});

export type PredictionSection = z.infer<typeof predictionSection>;

/** Where a server listens. @param defaultPort - Where no other is set. */
export const listenSection = (defaultPort: number) =>
  z.strictObject({ host: host.default('127.0.0.1'), port: port.default(defaultPort) }).prefault({});

const pemFile = z.string().min(1).optional();

/** Where a gRPC server listens, and the files of its certificates. @param defaultPort - Where no other is set. */
export const grpcSection = (defaultPort: number) =>
  z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(defaultPort),
      certFile: pemFile.describe(
        'PEM file of its certificate chain: connections are encrypted; read again when it changes',
      ),
      keyFile: pemFile.describe('PEM file of the private key of the certificate'),
      clientCaFile: pemFile.describe(
        'PEM file of authorities: a client must show a certificate that one of them has signed',
      ),
    })
    .refine(({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined), {
      path: ['keyFile'],
      message: 'must be given where certFile is, and only there',
    })
    .refine(({ certFile, clientCaFile }) => certFile !== undefined || clientCaFile === undefined, {
      path: ['clientCaFile'],
      message: 'must be absent unless certFile is given',
    })
    .prefault({});

export type GrpcSection = z.infer<ReturnType<typeof grpcSection>>;

export const logSection = z
  .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info') })
  .prefault({});

/** Traces of the way of the data, by OpenTelemetry; off unless asked for here or in its standard environment variables. */
export const tracingSection = z
  .strictObject({
    exporter: z
      .enum(['auto', 'none', 'otlp'])
      .default('auto')
      .describe(
        'Whether traces are recorded: `auto` where an endpoint is given, here or by `OTEL_EXPORTER_OTLP_ENDPOINT`, or `OTEL_TRACES_EXPORTER` says `otlp`',
      ),
    endpoint: z
      .url({ protocol: /^https?$/, error: 'must be an http or https address' })
      .optional()
      .describe(
        'Base address of the receiver, OTLP over HTTP, `/v1/traces` is added; `OTEL_EXPORTER_OTLP_ENDPOINT` or http://localhost:4318 where absent',
      ),
    sampleRatio: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        `Share of the traces beginning here that are recorded; that of \`OTEL_TRACES_SAMPLER\`, or ${DEFAULT_SAMPLE_RATIO}, where absent`,
      ),
    maxQueuedSpans: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(4096)
      .describe('Spans that may wait to be exported; more are dropped'),
  })
  .prefault({});
