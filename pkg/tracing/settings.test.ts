import { describe, expect, it } from 'vitest';

import { chooseTracing, type TracingSection } from './settings.ts';

const AUTO: TracingSection = { exporter: 'auto' };
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('tracing', () => {
  it.each([
    ['by default', AUTO, {}],
    ['with variables that are empty', AUTO, { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_EXPORTER: ' ' }],
    ['where the exporter is none', AUTO, { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
    ['where the configuration says so', { exporter: 'none' as const }, ENDPOINT],
    ['where the SDK is disabled', { exporter: 'otlp' as const }, { OTEL_SDK_DISABLED: 'True' }],
    ['where nothing is sampled', AUTO, { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_off' }],
  ])('is off %s', (_, section, env) => {
    expect(chooseTracing(section, env)).toEqual({ settings: undefined, problems: [] });
  });

  it.each([
    ['by the endpoint of the environment', AUTO, ENDPOINT, { sampleRatio: 0.001 }],
    [
      'by that of traces alone',
      AUTO,
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/x' },
      { sampleRatio: 0.001 },
    ],
    ['by the exporter of the environment', AUTO, { OTEL_TRACES_EXPORTER: 'otlp' }, { sampleRatio: 0.001 }],
    [
      'by an endpoint in the configuration, which wins',
      { exporter: 'auto' as const, endpoint: 'http://mine', sampleRatio: 0.5 },
      { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none', OTEL_TRACES_SAMPLER: 'always_on' },
      { endpoint: 'http://mine', sampleRatio: 0.5 },
    ],
    [
      'with all traces',
      AUTO,
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'parentbased_always_on' },
      { sampleRatio: 1 },
    ],
    [
      'with those of callers alone',
      AUTO,
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'parentbased_always_off' },
      { sampleRatio: 0 },
    ],
    [
      'with a share',
      AUTO,
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' },
      { sampleRatio: 0.25 },
    ],
    [
      'with the share that the standard takes without one',
      AUTO,
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio' },
      { sampleRatio: 1 },
    ],
  ])('is on %s', (_, section, env, settings) => {
    expect(chooseTracing(section, env)).toEqual({ settings, problems: [] });
  });

  it.each([
    ['another protocol', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, /http\/protobuf, was grpc/],
    ['another exporter beside', { OTEL_TRACES_EXPORTER: 'otlp,zipkin' }, /otlp or none, was zipkin/],
    ['a sampler that is none', { OTEL_TRACES_SAMPLER: 'sometimes' }, /was sometimes/],
    [
      'a share that is none',
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10%' },
      /from 0 to 1, was 10%/,
    ],
  ])('is on, and tells what it does instead of %s', (_, env, problem) => {
    const { settings, problems } = chooseTracing(AUTO, { ...ENDPOINT, ...env });
    expect(settings).toEqual({ sampleRatio: 0.001 });
    expect(problems).toEqual([expect.stringMatching(problem)]);
  });
});
