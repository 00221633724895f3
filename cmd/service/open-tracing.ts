import { Counter } from 'prom-client';

import { systemClock } from '../../pkg/runtime/clock.ts';
import type { Logger } from '../../pkg/runtime/logger.ts';
import type { Metrics } from '../../pkg/runtime/metrics.ts';
import type { OpsServer } from '../../pkg/runtime/ops-server.ts';
import type { Shutdown } from '../../pkg/runtime/shutdown.ts';
import { VERSION } from '../../pkg/runtime/version.ts';
import { chooseTracing, type TracingSection } from '../../pkg/tracing/settings.ts';
import type { Tracer } from '../../pkg/tracing/tracer.ts';

/** Time that spans have to get out at shutdown. */
const CLOSE_DEADLINE_MS = 2000;
/** Time that an export may take, so that one which hangs does not hold the end of the process for long. */
const EXPORT_TIMEOUT_MS = 5000;

/** What tracing needs of its process. */
export interface TracingContext {
  readonly config: { readonly tracing: TracingSection & { readonly maxQueuedSpans: number } };
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly shutdown: Shutdown;
  /** Offers exemplars, where it is there already. */
  readonly http?: OpsServer;
}

/**
 * The tracer of a process, with its exporter closed at shutdown, exemplars at `/metrics`, and what became of spans counted; `undefined`
 * where tracing is off, and then nothing of it is loaded. Call it before the stations open: their last spans are exported after they stop.
 *
 * @param process - Its name, as `service.name`.
 */
export async function openTracing(
  process: string,
  { config, metrics, logger, shutdown, http }: TracingContext,
): Promise<Tracer | undefined> {
  const { env } = globalThis.process;
  const { settings, problems } = chooseTracing(config.tracing, env);
  for (const problem of problems) logger.warn({ problem }, 'tracing is not as the environment asks');
  if (settings === undefined) return undefined;
  const spans = new Counter({
    name: 'tradewind_tracing_spans_total',
    help: 'Spans by what became of them: exported, failed, or dropped since too many waited.',
    labelNames: ['result'],
    registers: [metrics.registry],
  });
  const { openOtlp } = await import('../../pkg/tracing/open-otlp.ts');
  const hasTimeout = ['OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'].some(
    (name) => env[name],
  );
  const tracing = openOtlp({
    ...{
      settings,
      serviceName: `tradewind-${process}`,
      version: VERSION,
      maxQueued: config.tracing.maxQueuedSpans,
    },
    ...(hasTimeout ? {} : { timeoutMs: EXPORT_TIMEOUT_MS }),
    ...{ clock: systemClock, random: Math.random },
    onOutcome: (result, count) => spans.inc({ result }, count),
    onState: (error) => {
      if (error === undefined) logger.info('spans are exported again');
      else logger.warn({ error: error.message }, 'spans cannot be exported, work goes on without');
    },
  });
  shutdown.add('tracing', () => tracing.close(CLOSE_DEADLINE_MS));
  http?.offerExemplars();
  logger.info({ sampleRatio: settings.sampleRatio }, 'tracing is on');
  return tracing.tracer;
}
