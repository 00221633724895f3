import { randomUUID } from 'node:crypto';

import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';

import type { Clock } from '../runtime/clock.ts';
import { OtelTracer } from './otel-tracer.ts';
import type { TracingSettings } from './settings.ts';
import { SpanQueue, type SpanQueueOptions } from './span-queue.ts';
import type { Tracer } from './tracer.ts';

export interface OtlpOptions extends Pick<SpanQueueOptions, 'onOutcome' | 'onState' | 'maxQueued'> {
  readonly settings: TracingSettings;
  /** Name of the process, unless the environment has another. */
  readonly serviceName: string;
  readonly version: string;
  /** Time that one export may take with all its tries, milliseconds; that of the environment where absent. */
  readonly timeoutMs?: number;
  readonly clock: Pick<Clock, 'nowUs'>;
  readonly random: () => number;
}

export interface OpenTracing {
  readonly tracer: Tracer;
  /** Exports what waits, within a deadline; an export that hangs may hold the process for as long as it may take. */
  readonly close: (deadlineMs: number) => Promise<void>;
}

/** Spans by OTLP over HTTP with protobuf. This file loads the SDK: import it only where tracing is on. */
export function openOtlp(options: OtlpOptions): OpenTracing {
  const { settings, serviceName, version, timeoutMs, clock, random, ...queueOptions } = options;
  const { endpoint, sampleRatio } = settings;
  const exporter = new OTLPTraceExporter({
    ...(endpoint === undefined ? {} : { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` }),
    ...(timeoutMs === undefined ? {} : { timeoutMillis: timeoutMs }),
  });
  const queue = new SpanQueue({ exporter, ...queueOptions });
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({
        'service.name': serviceName,
        'service.version': version,
        'service.instance.id': randomUUID(),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new TracerProvider({
    resource,
    // The tracer has decided before it asks for a span.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [queue],
  });
  const tracing = provider.getTracer('tradewind', version);
  return {
    tracer: new OtelTracer({ tracing, clock, random, sampleRatio }),
    close: (deadlineMs) => queue.close(deadlineMs),
  };
}
