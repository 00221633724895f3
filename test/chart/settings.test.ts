import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { controllerSchema } from '../../cmd/controller/config.ts';
import { PROCESSES } from '../../cmd/service/processes.ts';
import { kafkaSchema } from '../../cmd/service/config.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import {
  helmMissing,
  type Manifest,
  manifests,
  objectOf,
  podsOf,
  type ValueSet,
  valueSets,
} from './render.ts';

const SCHEMAS: Readonly<Record<string, z.ZodType>> = { ...PROCESSES, controller: controllerSchema };

/** The environment of a container: what comes from a Secret is some text. */
const environmentOf = (container: Manifest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (container.env ?? []).map(({ name, value }: { name: string; value?: string }) => [
      name,
      value ?? 'secret',
    ]),
  );

/** Configuration of a process as it reads it in its pod. */
function configOf(set: ValueSet, process: string): Manifest {
  const objects = manifests(set);
  const { data } = objectOf(objects, 'ConfigMap', `tradewind-${process}`);
  const { spec } = podsOf(objects).find(({ owner }) => owner.endsWith(`/tradewind-${process}`))!;
  const [container] = spec.containers;
  expect(container.args).toEqual(['service', process, '--config', '/etc/tradewind/config/config.yaml']);
  const folder = mkdtempSync(join(tmpdir(), 'tradewind-chart-'));
  try {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, data['config.yaml']);
    return loadConfig(SCHEMAS[process]!, { file, env: environmentOf(container) });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const processesOf = (set: ValueSet): readonly string[] =>
  podsOf(manifests(set))
    .map(({ spec }) => spec.containers[0])
    .filter(({ args }) => args?.[0] === 'service')
    .map(({ args }) => args[1]);

describe.skipIf(helmMissing !== undefined)('settings that the chart writes', () => {
  it.each(valueSets)('are taken by every process, with values %s', (set) => {
    const processes = processesOf(set);
    expect(processes.length).toBeGreaterThan(0);
    for (const process of processes) expect(() => configOf(set, process)).not.toThrow();
  });

  it.each(valueSets)('name files that are mounted, with values %s', (set) => {
    for (const { owner, spec } of podsOf(manifests(set))) {
      const [container] = spec.containers;
      if (container.args?.[0] !== 'service') continue;
      const text = JSON.stringify(configOf(set, container.args[1]));
      const mounts: readonly string[] = container.volumeMounts.map(({ mountPath }: Manifest) => mountPath);
      const files = [...text.matchAll(/"(\/[^"]+)"/g)].map(([, path]) => path!);
      for (const file of files)
        expect(
          mounts.some((mount) => file.startsWith(`${mount}/`)),
          `${owner}: ${file}`,
        ).toBe(true);
      for (const { name } of container.volumeMounts)
        expect(
          [...spec.volumes, ...(name === 'spool' ? [{ name }] : [])].map((volume: Manifest) => volume.name),
        ).toContain(name);
    }
  });

  it('are what values say', () => {
    expect(configOf('everything', 'gateway')).toMatchObject({
      kafka: { retentionRecords: 50_000_000, mechanism: 'scram-sha-512', username: 'secret' },
      features: { sets: ['core-v1'], bar: 'time:250', lookbacks: [5, 10] },
      prediction: { overlay: 'linear', buyAbove: 0.7, holdAbove: 0.3 },
      predictors: { maxInFlight: 512, ejection: { baseMs: 500 } },
      redis: { mode: 'sentinel', tls: true, username: 'secret', sentinelPassword: 'secret' },
      grpc: { host: '0.0.0.0', certFile: '/etc/tradewind/tls/grpc/tls.crt' },
      traffic: { source: 'kubernetes' },
      log: { level: 'debug' },
    });
    expect(configOf('everything', 'collector')).toMatchObject({
      source: { kind: 'replay', file: '/recordings/day.gz', speed: 'max' },
    });
    expect(configOf('everything', 'recorder')).toMatchObject({
      history: { url: 'https://clickhouse.example:8443', database: 'trading', retentionDays: { ticks: 30 } },
      recorder: { spool: '/data/recorder', intervalSeconds: 2 },
    });
  });

  it('let the controller find the gateways, and give predictors the image of the release', () => {
    for (const set of ['default', 'trial', 'production'] as const) {
      const objects = manifests(set);
      const { gateways, predictors } = configOf(set, 'controller');
      const { spec } = objectOf(objects, 'Service', gateways.service);
      expect(spec.ports.map(({ name }: Manifest) => name)).toContain(gateways.portName);
      const [gateway] = objectOf(objects, 'Deployment', 'tradewind-gateway').spec.template.spec.containers;
      expect(predictors.image).toBe(gateway.image);
    }
    expect(configOf('everything', 'controller').predictors).toMatchObject({
      image: 'registry.example/predictor:1',
      terminationGraceSeconds: 40,
      env: {
        TRADEWIND_ARTIFACT_S3_ENDPOINT: 'https://s3.example',
        TRADEWIND_TRACING_ENDPOINT: 'http://otel.observability:4318',
        TRADEWIND_TRACING_SAMPLE_RATIO: '0.01',
        TRADEWIND_TRACING_MAX_QUEUED_SPANS: '100',
      },
    });
    const image =
      'registry.example/tradewind@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
    for (const { spec } of podsOf(manifests('everything')))
      for (const container of spec.containers) expect(container.image).toBe(image);
  });

  it('for predictors are taken by them', () => {
    for (const set of valueSets.filter((set) => set !== 'gateway-only')) {
      const { env } = configOf(set, 'controller').predictors;
      expect(() =>
        loadConfig(PROCESSES.predictor, { env: { ...env, TRADEWIND_MODEL_URIS: 'm' } }),
      ).not.toThrow();
    }
  });

  it('are the same for features in every process', () => {
    const features = processesOf('everything')
      .filter((process) => process !== 'controller')
      .map((process) => configOf('everything', process).features);
    expect(features).toHaveLength(4);
    for (const of of features) expect(of).toEqual(features[0]);
  });

  it('hold no secret: passwords come from Secrets by reference', () => {
    const objects = manifests('everything');
    for (const { kind, metadata, data } of objects) {
      expect(kind, metadata.name).not.toBe('Secret');
      if (kind === 'ConfigMap') expect(JSON.stringify(data), metadata.name).not.toMatch(/password|username/i);
    }
    const { spec } = objectOf(objects, 'StatefulSet', 'tradewind-recorder').spec.template;
    expect(environmentOf(spec.containers[0])).toEqual({
      TRADEWIND_KAFKA_USERNAME: 'secret',
      TRADEWIND_KAFKA_PASSWORD: 'secret',
      TRADEWIND_HISTORY_USERNAME: 'secret',
      TRADEWIND_HISTORY_PASSWORD: 'secret',
    });
  });

  it('of the topics job are those of the processes', () => {
    const objects = manifests('production');
    const { kafka } = parse(objectOf(objects, 'ConfigMap', 'tradewind-topics').data['config.yaml']);
    const login = { username: 'secret', password: 'secret' };
    expect(kafkaSchema.parse({ ...kafka, ...login })).toEqual(configOf('production', 'features').kafka);
  });
});
