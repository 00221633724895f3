import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';

import { PROCESSES } from '../../cmd/service/processes.ts';
import { loadConfig } from '../../pkg/runtime/config.ts';
import { pythonWith } from '../servers/tools.ts';

const FILE = join(import.meta.dirname, '../../deploy/compose.yaml');
const python = pythonWith(['podman_compose'], 'test/deploy/requirements.txt');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
}

describe.skipIf('missing' in python)('deploy/compose.yaml', () => {
  let services: Readonly<Record<string, Service>>;
  beforeAll(() => {
    const { path } = python as { path: string };
    // It asks the engine for its version before it reads the file; any program that says something will do.
    const args = ['-m', 'podman_compose', '--podman-path', '/bin/echo', '-f', FILE, 'config'];
    const rendered = spawnSync(path, args, { encoding: 'utf8' });
    expect(rendered.status, rendered.stderr).toBe(0);
    ({ services } = parse(rendered.stdout) as { services: Readonly<Record<string, Service>> });
  });

  it('runs every process, each with a configuration that it takes', () => {
    for (const [name, schema] of Object.entries<z.ZodType>(PROCESSES)) {
      expect(services[name]?.command).toEqual(['service', name]);
      const { environment = {} } = services[name]!;
      expect(() => loadConfig(schema, { env: environment })).not.toThrow();
    }
  });

  it('keeps the spool of the recorder in its volume: the rest of its disk is read-only to it, and gone with it', () => {
    const { environment, volumes } = services['recorder']!;
    expect(volumes).toEqual(['spool:/data']);
    expect(loadConfig(PROCESSES.recorder, { env: environment! }).recorder.spool).toMatch(/^\/data\//);
  });

  it('has a health check for everything that stays, and images of a known version', () => {
    for (const [name, { image, healthcheck }] of Object.entries(services)) {
      expect(image, name).toMatch(/^tradewind:local$|:v?\d+\.\d+\.\d+/);
      if (name !== 'first-model') expect(healthcheck, name).toBeDefined();
    }
  });

  it('publishes ports on the loopback only', () => {
    const published = Object.values(services).flatMap(({ ports }) => ports ?? []);
    expect(published.length).toBeGreaterThan(0);
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/);
  });
});
